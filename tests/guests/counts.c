/*
 * counts.c - hv_counters counts every hypercall and every event once, whichever way the hypervisor answered it.
 *
 * Calls that are answered at once, calls that are tried so and then again from the start, calls that only the long way
 * knows; INT n and page faults from kernel and user mode.
 */
#include "lib/paging.h"

#define ROUNDS 40u              /* beyond the 16 records that a crash report keeps */
#define MISSING FREE_GVA

static struct hv_counters before;

static void counts_begin(void)
{
    hv_counters(&before, sizeof(before));
}

/* What happened since, but for the two calls of hv_counters, of which one is in it. */
static void counts_check(uint32_t hypercalls, uint32_t events)
{
    struct hv_counters after;

    hv_counters(&after, sizeof(after));
    CHECK_EQUAL(after.hypercalls - before.hypercalls, hypercalls + 1);
    CHECK_EQUAL(after.events - before.events, events);
}

static void calls_check(void)
{
    counts_begin();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        hv_magic();
        hv_disable_interrupts();
        hv_cons_set_term_color(7);
        hv_cons_set_cursor_pos(1, i);
    }
    counts_check(4 * ROUNDS, 0);
}

/* The cursor's call finds bytes that are not cells yet. */
static void calls_tried_twice_check(void)
{
    counts_begin();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        hv_print(1, "\n");
        hv_cons_set_cursor_pos(1, i);
    }
    counts_check(2 * ROUNDS, 0);
}

static void calls_the_long_way_check(void)
{
    uint32_t row, column;

    counts_begin();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        hv_cons_get_cursor_pos(&row, &column);
        hv_setidt(0x77, i, 0);
    }
    counts_check(2 * ROUNDS, 0);
    traps_record(false);
}

/* Each returns by two calls: the SDK turns interrupts off, and then hv_iret. */
static void kernel_events_check(void)
{
    counts_begin();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        CHECK_EQUAL(kernel_get(MISSING), PF(0));
        __asm__ volatile("int $0x50" : : : "memory");
    }
    counts_check(4 * ROUNDS, 2 * ROUNDS);
}

/* To user mode by hv_iret; user_run() comes back by the event itself. */
static void user_events_check(void)
{
    counts_begin();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        CHECK_EQUAL(user_get(MISSING), PF(PF_U));
        CHECK_EQUAL(user_get(USER_DATA), 0);            /* SLOT_DONE */
    }
    counts_check(2 * ROUNDS, 2 * ROUNDS);
}

int main(void)
{
    traps_record(false);
    calls_check();
    calls_tried_twice_check();
    calls_the_long_way_check();
    hv_setpd(pd_make(), 1);
    kernel_events_check();
    user_events_check();
    return test_result();
}
