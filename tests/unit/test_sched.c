/*
 * test_sched.c - turns on the processor of paper_processor.h: fair shares, no hoarding of credit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "paper_processor.h"

static void busy_guests_share_evenly(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= GUESTS; count++) {
        make_guests(count);
        uint64_t start_ns = now_ns;
        while (now_ns - start_ns < 4000 * MS)
            take_turn(TICK_NS);
        for (unsigned i = 0; i < count; i++) {
            uint64_t share = guests[i].turns.run_ns * count, all = now_ns - start_ns;
            assert_in_range(share, all - all / 100, all + all / 100);
        }
    }
}

/* A guest that ends its turns early still gets its share, not a turn for a turn. */
static void short_turns_do_not_cost_time(void **state)
{
    (void)state;
    make_guests(2);
    uint64_t start_ns = now_ns;
    while (now_ns - start_ns < 4000 * MS) {
        update_clocks();
        struct guest *next = sched_pick(&sched);
        take_turn(next == &guests[0] ? MS / 4 : TICK_NS);
    }
    assert_in_range(guests[0].turns.run_ns, 1900 * MS, 2100 * MS);
}

/*
 * Two hundred that never stop, each turn a trifle longer or shorter than a slice, and looks that cut turns short: each
 * is back after one turn of each, and their shares are even.
 */
static void nobody_waits_for_two_turns_of_each(void **state)
{
    (void)state;
    enum { BUSY = 200, ROUNDS = 40, TRIFLE_NS = 20000 };
    static struct guest busy[BUSY];
    static uint64_t ended_ns[BUSY];
    memset(busy, 0, sizeof(busy));
    forget_guests();
    for (unsigned i = 0; i < BUSY; i++) {
        busy[i].life.activity = GUEST_READY;
        ended_ns[i] = now_ns;
        busy[i].turns.ready_since_ns = now_ns;
        busy[i].next = first;
        first = &busy[i];
    }
    sched_sync(&sched, now_ns);
    srand(2);
    uint64_t start_ns = now_ns, look_ns = now_ns;
    while (now_ns - start_ns < (uint64_t)ROUNDS * BUSY * MS) {
        if (now_ns >= look_ns) {
            sched_sync(&sched, now_ns);
            look_ns = now_ns + 3 * MS + (uint64_t)rand() % MS;
        }
        struct guest *guest = sched_next(&sched, now_ns);
        assert_in_range(now_ns - ended_ns[guest - busy], 0, BUSY * MS + MS);
        uint64_t end_ns = sched_turn_end(&sched, guest, now_ns);
        now_ns = end_ns < look_ns ? end_ns + (uint64_t)rand() % TRIFLE_NS - TRIFLE_NS / 2 : look_ns;
        sched_turn_ends(&sched, guest, now_ns);
        ended_ns[guest - busy] = now_ns;
    }
    for (unsigned i = 0; i < BUSY; i++)
        assert_in_range(busy[i].turns.run_ns, (ROUNDS - 1) * MS - TRIFLE_NS, (ROUNDS + 1) * MS + TRIFLE_NS);
}

static void a_sleeper_runs_soon_but_earns_one_turn_at_most(void **state)
{
    (void)state;
    make_guests(3);
    for (unsigned i = 0; i < 1000; i++)
        take_turn(TICK_NS);
    guests[2].life.activity = GUEST_HALTED;
    guests[2].state.clock.next_tick_ns = UINT64_MAX;
    sched_sync(&sched, now_ns);
    for (unsigned i = 0; i < 1000; i++)
        take_turn(TICK_NS);
    virq_raise_key(&guests[2].state.virq, 0);
    sched_sync(&sched, now_ns);
    assert_ptr_equal(sched_pick(&sched), &guests[2]);
    uint64_t before_ns = guests[2].turns.run_ns, start_ns = now_ns;
    while (now_ns - start_ns < 300 * MS)
        take_turn(TICK_NS);
    assert_in_range(guests[2].turns.run_ns - before_ns, 95 * MS, 120 * MS);
}

static void paused_and_blocked_guests_are_never_picked(void **state)
{
    (void)state;
    make_guests(3);
    guests[0].life.paused = true;
    guests[1].life.activity = GUEST_BLOCKED;
    sched_sync(&sched, now_ns);
    for (unsigned i = 0; i < 10; i++)
        assert_ptr_equal(take_turn(TICK_NS), &guests[2]);
    guests[2].life.activity = GUEST_ENDED;
    sched_sync(&sched, now_ns);
    assert_null(take_turn(TICK_NS));
    assert_true(sched_turn_end(&sched, &guests[2], now_ns) == UINT64_MAX);
}

/* Ten that were just made have one turn each before a guest that has run alone until then, and no more. */
static void newcomers_have_no_credit(void **state)
{
    (void)state;
    make_guests(11);
    forget_guests();
    guests[10].turns.place.queue = NULL;
    first = &guests[10];
    sched_sync(&sched, now_ns);
    for (unsigned i = 0; i < 4; i++)
        take_turn(1000 * MS);
    guests[10].life.activity = GUEST_HALTED;
    guests[10].state.clock.next_tick_ns = UINT64_MAX;
    for (unsigned i = 0; i < 10; i++)
        guests[i].turns = (struct guest_turns){ .ready_since_ns = now_ns };
    first = &guests[0];
    sched_sync(&sched, now_ns);
    virq_raise_key(&guests[10].state.virq, 0);
    sched_sync(&sched, now_ns);
    for (unsigned i = 0; i < 10 && sched_pick(&sched) != &guests[10]; i++)
        take_turn(TICK_NS);
    assert_ptr_equal(sched_pick(&sched), &guests[10]);
}

/* A pause gives no credit either. */
static void a_pause_earns_one_turn_at_most(void **state)
{
    (void)state;
    make_guests(2);
    guests[0].life.paused = true;
    sched_sync(&sched, now_ns);
    for (unsigned i = 0; i < 100; i++)
        take_turn(TICK_NS);
    guests[0].life.paused = false;
    sched_sync(&sched, now_ns);
    uint64_t start_ns = now_ns;
    while (now_ns - start_ns < 200 * MS)
        take_turn(TICK_NS);
    assert_in_range(guests[0].turns.run_ns, 95 * MS, 106 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(busy_guests_share_evenly),
        cmocka_unit_test(short_turns_do_not_cost_time),
        cmocka_unit_test(nobody_waits_for_two_turns_of_each),
        cmocka_unit_test(a_sleeper_runs_soon_but_earns_one_turn_at_most),
        cmocka_unit_test(paused_and_blocked_guests_are_never_picked),
        cmocka_unit_test(newcomers_have_no_credit),
        cmocka_unit_test(a_pause_earns_one_turn_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
