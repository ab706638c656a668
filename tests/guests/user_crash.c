/*
 * user_crash.c - what guest user mode, or a kernel that sends it off badly prepared, must be crashed for.
 *
 * A bad esp0 is no fault when hv_iret gets it: user mode must run, and the crash comes with the first trap. So those
 * pieces have two instructions, and the report must name the second, in guest user mode. All slots are filled but where
 * the case empties one: a crash that were delivered as an event would end the guest with another status.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA                               /* present, writable */
#define READ_ONLY (FREE_GVA + 2 * PAGE_BYTES)       /* kernel, read-only; between them a hole */
#define BEYOND (FREE_GVA + 4 * PAGE_BYTES)          /* frame outside RAM */
#define BIG (FREE_GVA + TABLE_SPAN)                 /* PS set */

USER_PIECE(trap, "nop", "int $0x40");
USER_PIECE(fault, "nop", "movl 0x70000000, %eax");
USER_PIECE(divide, "xorl %ecx, %ecx", "divl %ecx");
USER_PIECE(undefined, "nop", "ud2");
USER_PIECE(privileged, "nop", "cli");
USER_PIECE(call, "nop", "int $0xDE");
USER_PIECE(system_call, "nop", "int $0x80");
USER_PIECE(breakpoint, "nop", "int3");
USER_PIECE(jump_above, "movl $0xFF000000, %eax", "jmp *%eax");
USER_PIECE(spin, "", "jmp .");

static uint32_t pd;

static void prepare(uint32_t wp)
{
    traps_record(true);
    pd = pd_make();
    page_map(pd, PAGE, frame_take(), ENTRY_KERNEL);
    page_map(pd, READ_ONLY, frame_take(), ENTRY_P);
    page_map(pd, BEYOND, sdk_memory_bytes(), ENTRY_KERNEL);
    *pd_entry(pd, BIG) = ENTRY_BIT_7 | ENTRY_KERNEL;
    hv_setpd(pd, wp);
}

static void run_with_esp0(const uint8_t *code, const uint8_t *end, uint32_t esp0)
{
    struct user_state state = { .eflags = EFLAGS_RESERVED_1 };

    user_esp0 = esp0;
    user_run_code(code, end, &state);
}

static void run(const uint8_t *code, const uint8_t *end, uint32_t eflags)
{
    struct user_state state = { .eflags = EFLAGS_RESERVED_1 | eflags };

    user_run_code(code, end, &state);
}

static void run_without_handler(uint32_t slot, const uint8_t *code, const uint8_t *end)
{
    prepare(0);
    hv_setidt(slot, 0, 0);
    run(code, end, 0);
}

#define CASE_WITHOUT_HANDLER(name, slot, piece)                 \
    CASE(name)                                                  \
    {                                                           \
        run_without_handler(slot, piece, piece##_end);          \
    }

CASE(esp0_unmapped)
{
    prepare(0);
    run_with_esp0(trap, trap_end, 0x70001000);
}

CASE(esp0_unmapped_fault)
{
    prepare(0);
    run_with_esp0(fault, fault_end, 0x70001000);
}

CASE(esp0_read_only)
{
    prepare(1);
    run_with_esp0(trap, trap_end, READ_ONLY + 0x800);
}

/* The frame's upper words would fit, its lower ones lie in the hole. */
CASE(esp0_across_hole)
{
    prepare(0);
    run_with_esp0(trap, trap_end, READ_ONLY + 12);
}

/* And the other way round. */
CASE(esp0_into_hole)
{
    prepare(0);
    run_with_esp0(trap, trap_end, PAGE + PAGE_BYTES + 2);
}

CASE(esp0_wraps)
{
    prepare(0);
    run_with_esp0(trap, trap_end, 8);
}

CASE(esp0_one)
{
    prepare(0);
    run_with_esp0(undefined, undefined_end, 1);
}

CASE(esp0_above)
{
    prepare(0);
    page_map(pd, HV_MAX_GVA & ~(PAGE_BYTES - 1), frame_take(), ENTRY_KERNEL);
    run_with_esp0(trap, trap_end, HV_MAX_GVA + 2);
}

CASE(esp0_top)
{
    prepare(0);
    run_with_esp0(trap, trap_end, 0xFFFFFFFF);
}

CASE(esp0_beyond_ram)
{
    prepare(0);
    run_with_esp0(trap, trap_end, BEYOND + PAGE_BYTES);
}

CASE(esp0_big_page)
{
    prepare(0);
    run_with_esp0(fault, fault_end, BIG + PAGE_BYTES);
}

/* The page of esp0 goes away after hv_iret was told of it. */
CASE(esp0_taken_away)
{
    prepare(0);
    run_with_esp0(trap, trap_end, PAGE + PAGE_BYTES);
    if (seen.slot != SLOT_DONE)
        hv_exit(3);
    *pt_entry(pd, PAGE) = 0;
    hv_setpd(pd, 0);
    run_with_esp0(trap, trap_end, PAGE + PAGE_BYTES);
}

/* An empty slot counts before privilege is looked at: the report is about the INT, not about #GP. */
CASE(int_empty)
{
    prepare(0);
    hv_setidt(0x80, 0, 1);
    run(system_call, system_call_end, 0);
}

CASE_WITHOUT_HANDLER(int_empty_open, 0x80, system_call)
CASE_WITHOUT_HANDLER(breakpoint_empty, 3, breakpoint)

/* The #GP of a privileged INT, a hypercall, a privileged instruction needs its own slot. */
CASE_WITHOUT_HANDLER(int_without_gp, 13, system_call)
CASE_WITHOUT_HANDLER(call_without_gp, 13, call)
CASE_WITHOUT_HANDLER(cli_without_gp, 13, privileged)
CASE_WITHOUT_HANDLER(above_without_gp, 13, jump_above)

CASE_WITHOUT_HANDLER(divide_empty, 0, divide)
CASE_WITHOUT_HANDLER(undefined_empty, 6, undefined)
CASE_WITHOUT_HANDLER(fault_empty, 14, fault)

CASE(tick_empty)
{
    prepare(0);
    hv_setidt(HV_SLOT_TIMER, 0, 0);
    run(spin, spin_end, EFLAGS_IF);
}

CASE(handler_above)
{
    prepare(0);
    hv_setidt(0x80, HV_MAX_GVA + 1, 0);
    run(system_call, system_call_end, 0);
}

static void iret_to_user(uint32_t eip, uint32_t eflags)
{
    struct user_state state = { .esp = USER_STACK, .eip = eip, .eflags = eflags };

    prepare(0);
    user_run(&state);
}

CASE(iret_above)
{
    iret_to_user(HV_MAX_GVA + 1, EFLAGS_RESERVED_1);
}

CASE(iret_top)
{
    iret_to_user(0xFFFFFFFF, EFLAGS_RESERVED_1);
}

CASE(iret_iopl)
{
    iret_to_user(USER_CODE, EFLAGS_RESERVED_1 | EFLAGS_IOPL);
}

CASE(iret_nt)
{
    iret_to_user(USER_CODE, EFLAGS_RESERVED_1 | EFLAGS_NT);
}

CASE(iret_ac)
{
    iret_to_user(USER_CODE, EFLAGS_RESERVED_1 | EFLAGS_AC);
}

CASE(iret_vm)
{
    iret_to_user(USER_CODE, EFLAGS_RESERVED_1 | EFLAGS_VM);
}

int main(void)
{
    test_case();
    test_survived();
}
