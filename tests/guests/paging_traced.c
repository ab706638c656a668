/*
 * paging_traced.c - stores to a live page table that no guest instruction makes: the frame of an event, the words of
 * hv_cons_get_cursor_pos; and stores by way of a read-only user page under wp 0.
 *
 * The hypervisor may watch a table's frame for stores of the guest; its own must count as well. The EFLAGS word of an
 * event's frame, with CF set, is a present entry that names frame 0; so is the row 1 to 24, if odd. The test lets them
 * fall on an entry of the table that is in use, or on the directory's, after a hv_setpd that made it known, and looks
 * at the page after the next hv_adjustpg or hv_setpd. Frame 0 holds a word that tells.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA
#define VIEW (FREE_GVA + TABLE_SPAN)            /* the table of PAGE, for the kernel; user may read it at +1 page */
#define VIEW_READ (VIEW + PAGE_BYTES)
#define FLAGS_AT 16u                                /* EFLAGS in an event's frame */
#define INDEX 600u                                  /* which entry of the table: room for the stack below */
#define TARGET (PAGE + INDEX * PAGE_BYTES)
#define ZERO_WORD 0x00F00F00u

USER_PIECE(trap, "stc", "int $0x40");

uint32_t saved_esp;
void flags_handler(void);
static uint32_t pd, table, frame;

/* The shortest handler: it leaves the frame as it is. */
__asm__(".pushsection .text\n.globl flags_handler\nflags_handler: movl saved_esp, %esp; ret\n.popsection\n");

static void table_load(uint32_t wp)
{
    frame_words(table)[INDEX] = frame | ENTRY_USER;
    hv_setpd(pd, wp);
    CHECK_EQUAL(kernel_get(TARGET), 0x600D);
    hv_setpd(pd, wp);
    CHECK_EQUAL(user_get(TARGET), 0x600D);
}

/* The entry is entry now; half of the rounds tell by hv_adjustpg. */
static void entry_check(uint32_t entry, uint32_t round, uint32_t wp)
{
    CHECK_EQUAL(frame_words(table)[INDEX], entry);
    if ((round & 1) != 0)
        hv_adjustpg(TARGET);
    else
        hv_setpd(pd, wp);
    if ((entry & ENTRY_P) == 0)
        CHECK_EQUAL(kernel_get(TARGET), PF(0));
    else
        CHECK_EQUAL(kernel_get(TARGET), ZERO_WORD);
    if ((entry & (ENTRY_P | ENTRY_U)) == ENTRY_P)
        CHECK_EQUAL(user_get(TARGET), PF(PF_U | PF_P));
}

static void cursor_check(uint32_t view, uint32_t wp)
{
    for (uint32_t row = 0; row < HV_CONSOLE_ROWS; row++) {
        uint32_t column;

        table_load(wp);
        hv_cons_set_cursor_pos(row, 0);
        hv_cons_get_cursor_pos((uint32_t *)(uintptr_t)(view + INDEX * 4), &column);
        entry_check(row, row / 2, wp);
        table_load(wp);
        hv_cons_get_cursor_pos(&column, (uint32_t *)(uintptr_t)(view + INDEX * 4));
        entry_check(0, row, wp);
    }
    hv_cons_set_cursor_pos(0, 0);
}

static void kernel_store_check(uint32_t wp)
{
    for (uint32_t round = 0; round < 8; round++) {
        uint32_t view = round < 4 && wp == 0 ? VIEW_READ : VIEW;

        table_load(wp);
        CHECK_EQUAL(kernel_put(view + INDEX * 4, round / 2 % 2 == 0 ? 0 : ENTRY_P), DONE);
        entry_check(round / 2 % 2 == 0 ? 0 : ENTRY_P, round, wp);
        CHECK_EQUAL(user_put(VIEW_READ + INDEX * 4, 0xBAD), PF(PF_U | PF_W | PF_P));
        CHECK_EQUAL(user_get(VIEW_READ + INDEX * 4), frame_words(table)[INDEX]);
    }
}

/* EFLAGS of a frame are the entry now: present, frame 0. */
static void flags_check(uint32_t round, uint32_t wp)
{
    CHECK_EQUAL(frame_words(table)[INDEX] & 0xFFFFF203, EFLAGS_CF | EFLAGS_RESERVED_1);
    entry_check(frame_words(table)[INDEX], round, wp);
}

/* INT with ESP so that the frame's EFLAGS fall on the entry; then the trap of user mode with such an esp0. */
static void events_check(uint32_t view, uint32_t wp)
{
    uint32_t own = user_esp0, flags_at = view + INDEX * 4;

    hv_setidt(0x50, address_of(&flags_handler), 1);
    for (uint32_t round = 0; round < 4; round++) {
        struct user_state state = { .eflags = EFLAGS_RESERVED_1 };

        table_load(wp);
        __asm__ volatile("call 1f; jmp 2f; 1: movl %%esp, saved_esp; movl %0, %%esp; stc; int $0x50; 2:"
                         : : "r"(flags_at - FLAGS_AT + 20) : "memory", "cc");
        flags_check(round, wp);
        table_load(wp);
        user_esp0 = flags_at - FLAGS_AT + 24;
        user_run_code(trap, trap_end, &state);
        user_esp0 = own;
        CHECK_EQUAL(seen.slot, SLOT_DONE);
        CHECK_EQUAL(seen_frame, flags_at - FLAGS_AT);
        CHECK_EQUAL(seen.eflags, frame_words(table)[INDEX]);
        flags_check(round, wp);
    }
}

int main(void)
{
    traps_record(true);
    pd = pd_make();
    frame = frame_take();
    frame_words(frame)[0] = 0x600D;
    CHECK_EQUAL(kernel_put(0, ZERO_WORD), DONE);    /* C has no object at address 0 */
    page_map(pd, PAGE, frame, ENTRY_USER);
    table = *pd_entry(pd, PAGE) & ~(PAGE_BYTES - 1);
    page_map(pd, VIEW, table, ENTRY_KERNEL);
    page_map(pd, VIEW_READ, table, ENTRY_USER_READ);
    for (uint32_t round = 0; round < 4; round++) {
        uint32_t wp = round & 1;

        cursor_check(VIEW, wp);
        kernel_store_check(wp);
        events_check(VIEW, wp);
        if (wp == 0) {
            cursor_check(VIEW_READ, wp);
            events_check(VIEW_READ, wp);
        }
    }
    return test_result();
}
