/*
 * paging_crash.c - what paging must crash: bad calls, the first access through an entry with a 4 MiB page or a frame
 * outside RAM, and hypercalls or events whose memory has a hole.
 *
 * All slots are filled: an event delivered to the guest in place of the crash ends it with another status. Entries are
 * bad from the start; hv_setpd, hv_adjustpg and accesses next to them happen first and must pass, the fatal access has
 * a symbol of its own (deadly_*), which the report must name.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA
#define BAD (FREE_GVA + PAGE_BYTES)                 /* bad table entry */
#define NEXT (FREE_GVA + 2 * PAGE_BYTES)
#define BAD_TABLE (FREE_GVA + TABLE_SPAN)           /* bad directory entry */
#define HOLE (FREE_GVA + 3 * PAGE_BYTES)            /* not present, behind NEXT */
#define SLOT_INT 0x50

static uint32_t pd;

/* The directory with entries as given for BAD and BAD_TABLE: sound until touched. */
static void bad_entries_load(uint32_t pte, uint32_t pde, uint32_t wp)
{
    pd = pd_make();
    page_map(pd, PAGE, frame_take(), ENTRY_USER);
    page_map(pd, NEXT, frame_take(), ENTRY_USER);
    *pt_entry(pd, BAD) = pte;
    *pd_entry(pd, BAD_TABLE) = pde;
    hv_setpd(pd, wp);
    hv_adjustpg(BAD);
    hv_adjustpg(BAD_TABLE);
    if (kernel_get(PAGE) != 0 || user_get(NEXT) != 0 || kernel_put(PAGE, 1) != DONE || hv_magic() != HV_MAGIC)
        hv_exit(3);
    hv_setpd(pd, wp);
    print_string("loaded\n");
}

static uint32_t beyond(void)
{
    return sdk_memory_bytes() | ENTRY_USER;
}

CASE(setpd_unaligned)
{
    hv_setpd(pd_make() + 4, 0);
}

CASE(setpd_flags)
{
    hv_setpd(pd_make() | 8, 0);
}

CASE(setpd_end_of_ram)
{
    hv_setpd(sdk_memory_bytes(), 0);
}

CASE(setpd_beyond)
{
    hv_setpd(0x40000000, 1);
}

CASE(setpd_top)
{
    hv_setpd(0xFFFFF000, 1);
}

CASE(adjustpg_unaligned)
{
    hv_setpd(pd_make(), 0);
    hv_adjustpg(0x100001);
}

CASE(adjustpg_above)
{
    hv_setpd(pd_make(), 0);
    hv_adjustpg(HV_MAX_GVA & ~(PAGE_BYTES - 1));
    hv_adjustpg(HV_MAX_GVA + 1);
}

CASE(adjustpg_top)
{
    hv_setpd(pd_make(), 0);
    hv_adjustpg(0xFFFFF000);
}

CASE(pte_beyond_read)
{
    bad_entries_load(beyond(), 0, 0);
    deadly_read(BAD);
}

CASE(pte_beyond_write)
{
    bad_entries_load(beyond(), 0, 1);
    deadly_write(BAD + 0xFFC, 1);
}

CASE(pte_beyond_execute)
{
    bad_entries_load(beyond(), 0, 0);
    deadly_call(BAD);
}

CASE(pte_beyond_top)
{
    bad_entries_load(0xFFFFF000 | ENTRY_USER, 0, 0);
    deadly_read(BAD);
}

CASE(pte_beyond_user)
{
    bad_entries_load(beyond(), 0, 0);
    user_get(BAD);
}

CASE(pde_beyond_read)
{
    bad_entries_load(0, beyond(), 0);
    deadly_read(BAD_TABLE + PAGE_BYTES);
}

CASE(pde_beyond_write)
{
    bad_entries_load(0, 0xABCDE000 | ENTRY_USER, 1);
    deadly_write(BAD_TABLE + TABLE_SPAN - 4, 1);
}

CASE(pde_beyond_user)
{
    bad_entries_load(0, beyond(), 1);
    user_put(BAD_TABLE, 1);
}

CASE(pde_ps_read)
{
    bad_entries_load(0, 0x400000 | ENTRY_BIT_7 | ENTRY_USER, 0);
    deadly_read(BAD_TABLE + 8 * PAGE_BYTES);
}

CASE(pde_ps_write)
{
    bad_entries_load(0, 0x400000 | ENTRY_BIT_7 | ENTRY_USER, 1);
    deadly_write(BAD_TABLE, 1);
}

CASE(pde_ps_user)
{
    bad_entries_load(0, 0x400000 | ENTRY_BIT_7 | ENTRY_USER, 0);
    user_execute(BAD_TABLE);
}

/* A page of good memory before the bad one: the buffer is read from its start. */
CASE(pte_beyond_print)
{
    bad_entries_load(beyond(), 0, 0);
    hv_print(8, (const char *)(uintptr_t)(BAD - 4));
}

static void call_on(uint32_t esp, uint32_t number)
{
    __asm__ volatile("movl %0, %%esp; int $0xDE" : : "r"(esp), "a"(number) : "memory");
}

static void int_on(uint32_t esp)
{
    __asm__ volatile("movl %0, %%esp; int %1" : : "r"(esp), "i"(SLOT_INT) : "memory");
}

CASE(pde_ps_block)
{
    bad_entries_load(0, ENTRY_BIT_7 | ENTRY_USER, 0);
    call_on(BAD_TABLE, HV_CALL_CONS_SET_CURSOR_POS);
}

/* The report shows the registers of the call, and not those of an earlier trap. */
CASE(pde_ps_registers)
{
    bad_entries_load(0, ENTRY_BIT_7 | ENTRY_USER, 0);
    __asm__ volatile("movl $0x5EEDB10C, %%ebx; movl %0, %%esp; int $0xDE"
                     : : "r"(BAD_TABLE), "a"(HV_CALL_CONS_SET_CURSOR_POS) : "ebx", "memory");
}

CASE(pde_ps_iret)
{
    bad_entries_load(0, ENTRY_BIT_7 | ENTRY_USER, 0);
    __asm__ volatile("movl $0x5EEDB10C, %%ebx; movl %0, %%esp; int $0xDE"
                     : : "r"(BAD_TABLE), "a"(HV_CALL_IRET) : "ebx", "memory");
}

CASE(pte_beyond_push)
{
    bad_entries_load(beyond(), 0, 0);
    int_on(NEXT + 8);
}

/* A tick that cannot be pushed: the report shows the instruction it interrupted. */
CASE(pte_beyond_tick)
{
    bad_entries_load(beyond(), 0, 0);
    uint32_t before = seen_count;
    hv_enable_interrupts();
    while (*(volatile uint32_t *)&seen_count == before)
        ;
    __asm__ volatile("movl %0, %%esp\n"
                     ".type deadly_spin, @function\n"
                     "deadly_spin: jmp deadly_spin\n"
                     ".size deadly_spin, . - deadly_spin"
                     : : "r"(NEXT + 8) : "memory");
}

/* A tick is pending, and masked. */
static void wait_for_tick(void)
{
    struct hv_counters now;

    hv_disable_interrupts();
    hv_counters(&now, sizeof(now));
    for (uint64_t end = now.time_ns + 50000000; now.time_ns < end;)
        hv_counters(&now, sizeof(now));
}

/* A call unmasks a tick that cannot be pushed: the report shows what comes after the call, and not the call. */
CASE(pte_beyond_unmasked)
{
    bad_entries_load(beyond(), 0, 0);
    wait_for_tick();
    __asm__ volatile("movl %0, %%esp; int $0xDE\n"
                     ".type deadly_unmasked, @function\n"
                     "deadly_unmasked: jmp deadly_unmasked\n"
                     ".size deadly_unmasked, . - deadly_unmasked"
                     : : "r"(NEXT + 8), "a"(HV_CALL_ENABLE_INTERRUPTS) : "memory");
}

/* And it tells of the tick. */
CASE(pte_beyond_iret)
{
    static uint32_t block[5] = { 0x100000, 0x202, NEXT + 8, 0, 0 };    /* eip, eflags, esp, esp0, eax */

    bad_entries_load(beyond(), 0, 0);
    wait_for_tick();
    call_on((uint32_t)(uintptr_t)block, HV_CALL_IRET);
}

CASE(pde_beyond_push)
{
    bad_entries_load(0, beyond(), 0);
    int_on(BAD_TABLE + PAGE_BYTES);
}

CASE(hole_print)
{
    bad_entries_load(0, 0, 0);
    hv_print(0xFFF, (const char *)(uintptr_t)(NEXT + 2));
}

CASE(hole_print_at)
{
    bad_entries_load(0, 0, 0);
    hv_print_at(2, (const char *)(uintptr_t)(HOLE - 1), 0, 0, 7);
}

CASE(hole_block)
{
    bad_entries_load(0, 0, 0);
    call_on(HOLE - 4, HV_CALL_CONS_SET_CURSOR_POS);
}

CASE(hole_block_word)
{
    bad_entries_load(0, 0, 0);
    call_on(HOLE - 2, HV_CALL_EXIT);
}

CASE(hole_cursor)
{
    bad_entries_load(0, 0, 0);
    hv_cons_get_cursor_pos((uint32_t *)(uintptr_t)(NEXT + 8), (uint32_t *)(uintptr_t)(HOLE - 3));
}

CASE(hole_push)
{
    bad_entries_load(0, 0, 0);
    int_on(NEXT + 8);
}

CASE(hole_iret)
{
    bad_entries_load(0, 0, 0);
    call_on(HOLE - 16, HV_CALL_IRET);
}

/* wp 1: the kernel's own stores are refused, and so are those made for it. */
CASE(read_only_cursor)
{
    bad_entries_load(frame_take() | ENTRY_USER_READ, 0, 1);
    hv_cons_get_cursor_pos((uint32_t *)(uintptr_t)NEXT, (uint32_t *)(uintptr_t)BAD);
}

CASE(read_only_push)
{
    bad_entries_load(frame_take() | ENTRY_P, 0, 1);
    int_on(BAD + 0x800);
}

/* A #PF in the kernel with an empty slot, paging on. */
CASE(no_handler)
{
    bad_entries_load(0, 0, 0);
    hv_setidt(14, 0, 0);
    deadly_write(HOLE, 1);
}

CASE(no_handler_user)
{
    bad_entries_load(0, 0, 0);
    hv_setidt(14, 0, 0);
    user_put(HOLE + 0x123, 1);
}

/* A #PF whose handler is not mapped: the fault of fetching it needs the same handler, until the stack is full. */
CASE(handler_unmapped)
{
    bad_entries_load(0, 0, 0);
    hv_setidt(14, HOLE, 0);
    deadly_write(HOLE, 1);
}

/* The code that runs loses its page, and the stack its own. */
CASE(all_unmapped)
{
    bad_entries_load(0, 0, 0);
    *pd_entry(pd, 0) = 0;
    hv_setpd(pd, 0);
}

int main(void)
{
    traps_record(true);
    test_case();
    test_survived();
}
