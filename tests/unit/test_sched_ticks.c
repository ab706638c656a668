/*
 * test_sched_ticks.c - ticks on the processor of paper_processor.h: who sleeps is woken in time, no tick is lost, and
 * the two clocks that a guest may have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "paper_processor.h"
#include "random.h"

/* Halted guests get their ticks in the order in which they are due, and are found without looking at the others. */
static void halted_guests_wake_by_their_ticks(void **state)
{
    static const unsigned due_ms[] = { 7, 3, 9, 3, 5 };
    (void)state;
    make_guests(5);
    for (unsigned i = 0; i < 5; i++) {
        guests[i].life.activity = GUEST_HALTED;
        guests[i].state.clock.next_tick_ns = now_ns + due_ms[i] * MS;
    }
    guests[4].state.clock.run = true;
    guests[4].state.clock.waited_ns = 3 * MS;       /* due at 8 ms, and woken where the machine's tick is */
    uint64_t start_ns = now_ns;
    sched_sync(&sched, now_ns);
    assert_null(sched_pick(&sched));
    for (unsigned i = 0; sched_next_wake_ns(&sched) <= start_ns + TICK_NS; i++) {
        static const unsigned order[] = { 3, 7, 9, 10 };
        now_ns = sched_next_wake_ns(&sched);
        assert_int_equal((now_ns - start_ns) / MS, order[i]);
        sched_wake_due(&sched, now_ns - 1);
        assert_int_equal(sched_next_wake_ns(&sched), now_ns);
        sched_wake_due(&sched, now_ns);
    }
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(guests[i].life.activity, GUEST_READY);
        assert_true(virq_has(&guests[i].state.virq, VIRQ_TIMER));
    }
    assert_true(sched_next_wake_ns(&sched) == UINT64_MAX);
    for (unsigned i = 0; i < 5; i++)
        guests[i].state.virq.pending = 0;
    struct guest *guest = sched_next(&sched, now_ns);
    guest->life.activity = GUEST_HALTED;
    sched_turn_ends(&sched, guest, now_ns + MS);
    const struct guest_clock *clock = &guest->state.clock;
    assert_false(clock->run);
    assert_int_equal(sched_next_wake_ns(&sched), clock->next_tick_ns);
}

/* All sleep: go on to the next wake-up. Returns how many it wakes, each of which has its tick and sleeps again. */
static unsigned wake_sleepers(void)
{
    unsigned woken = 0;
    uint64_t wake_ns = sched_next_wake_ns(&sched);

    assert_int_equal(wake_ns % TICK_NS, 0);
    now_ns = wake_ns > now_ns ? wake_ns : now_ns;
    for (struct guest *guest; (guest = sched_next(&sched, now_ns)) != NULL; woken++) {
        assert_true(virq_has(&guest->state.virq, VIRQ_TIMER));
        guest->state.virq.pending = 0;
        guest->life.activity = GUEST_HALTED;
        now_ns += 500;
        sched_turn_ends(&sched, guest, now_ns);
    }
    return woken;
}

/*
 * Turns of any length, sleeps that others cut short or make long: a clock=run stands still or goes on. It went back
 * for who halted behind the moment at which it was to be woken, which may be early: what it had run since then was
 * counted as waited.
 */
static void a_clock_that_runs_never_goes_back(void **state)
{
    uint64_t seen_ns = 0;
    unsigned turns = 0;

    (void)state;
    make_guests(1);
    struct guest *guest = &guests[0];
    guest->state.clock.run = true;
    sched_sync(&sched, now_ns);
    while (turns < 20000) {
        now_ns += random_u32() % (2 * TICK_NS);
        if (sched_next(&sched, now_ns) == NULL)
            continue;
        turns++;
        assert_true(now_ns - clock_settled_lag_ns(guest) >= seen_ns);
        now_ns += random_u32() % (2 * TICK_NS);
        seen_ns = now_ns - clock_settled_lag_ns(guest);
        guest->state.virq.pending = 0;
        guest->state.clock.next_tick_ns = seen_ns + random_u32() % TICK_NS;
        guest->life.activity = random_u32() % 4 != 0 ? GUEST_HALTED : GUEST_READY;
        sched_turn_ends(&sched, guest, now_ns);
    }
}

/* Three whose tick is due at once: one that does not sleep again holds the others up for a short turn, no longer. */
static void who_runs_on_after_its_tick_has_a_short_turn(void **state)
{
    (void)state;
    make_guests(3);
    for (unsigned i = 0; i < 3; i++)
        guests[i].life.activity = GUEST_HALTED;
    sched_sync(&sched, now_ns);
    now_ns = sched_next_wake_ns(&sched);
    struct guest *runs_on = sched_next(&sched, now_ns);
    assert_int_equal(sched_turn_end(&sched, runs_on, now_ns), now_ns + SCHED_SLICE_MIN_NS);
    now_ns += SCHED_SLICE_MIN_NS;
    sched_turn_ends(&sched, runs_on, now_ns);
    for (unsigned i = 0; i < 2; i++) {
        struct guest *other = sched_next(&sched, now_ns);
        assert_ptr_not_equal(other, runs_on);
        assert_true(virq_has(&other->state.virq, VIRQ_TIMER));
        other->state.virq.pending = 0;
        other->life.activity = GUEST_HALTED;
        sched_turn_ends(&sched, other, now_ns);
    }
    assert_ptr_equal(sched_next(&sched, now_ns), runs_on);
}

/* Two hundred that were made at any time and wait at any place of their own clocks: one wake-up for all, each tick. */
static void all_sleepers_wake_together(void **state)
{
    (void)state;
    static struct guest many[200];
    memset(many, 0, sizeof(many));
    forget_guests();
    for (unsigned i = 0; i < 200; i++) {
        now_ns += 77777;
        many[i].turns.ready_since_ns = now_ns;
        many[i].next = first;
        first = &many[i];
        sched_sync(&sched, now_ns);
        many[i].state.clock.run = i % 2;
        many[i].state.clock.waited_ns = i * 123457;
        many[i].life.activity = GUEST_HALTED;
    }
    sched_sync(&sched, now_ns);
    for (unsigned i = 0; i < 5; i++)
        wake_sleepers();                            /* those who were late until now */
    uint64_t start_ns = now_ns;
    unsigned wakes = 0, ticks = 0, coalesced = 0;
    for (; wakes < 100; wakes++)
        ticks += wake_sleepers();
    assert_in_range(now_ns - start_ns, 100 * TICK_NS - MS, 100 * TICK_NS + MS);
    for (unsigned i = 0; i < 200; i++)
        coalesced += many[i].state.virq.ticks_coalesced;
    assert_in_range(ticks, 99 * 200, 100 * 200);    /* whoever has a clock=run has waited for others, a little */
    assert_in_range(coalesced, 0, 200);
}

/* What a guest has had of its clock, ticks that coalesced included; it has taken the one that was pending. */
static uint64_t take_ticks(struct guest *guest)
{
    uint64_t ticks = guest->state.virq.ticks_coalesced + virq_has(&guest->state.virq, VIRQ_TIMER);
    guest->state.virq.ticks_coalesced = 0;
    guest->state.virq.pending = 0;
    return ticks;
}

/*
 * Turns of any length, sleeps, waits for the line, in any order, on both clocks: each has as many ticks as its clock
 * says, and none is further from where it belongs than half a tick of a sleeper.
 */
static void a_random_walk_loses_no_tick(void **state)
{
    (void)state;
    enum { WALKERS = 12 };
    uint64_t ticks[WALKERS] = { 0 }, first_ns[WALKERS];
    make_guests(WALKERS);
    for (unsigned i = 0; i < WALKERS; i++) {
        guests[i].state.clock.run = i % 2;
        first_ns[i] = guests[i].state.clock.next_tick_ns;
    }
    srand(1);
    for (unsigned step = 0; step < 300000; step++) {
        if (rand() % 40 == 0) {
            for (unsigned i = 0; i < WALKERS; i++)
                if (guests[i].life.activity == GUEST_BLOCKED)
                    sched_wake(&sched, &guests[i], now_ns);
            sched_sync(&sched, now_ns);
        }
        struct guest *guest = sched_next(&sched, now_ns);
        if (!guest) {
            uint64_t wake_ns = sched_next_wake_ns(&sched);
            assert_true(wake_ns == UINT64_MAX || (wake_ns > now_ns && wake_ns <= now_ns + 2 * TICK_NS));
            now_ns = wake_ns == UINT64_MAX ? now_ns + MS : wake_ns;
            continue;
        }
        unsigned i = guest->life.id - 1;
        uint64_t end_ns = sched_turn_end(&sched, guest, now_ns);
        assert_true(end_ns > now_ns);
        clock_update(guest, now_ns, TICK_NS);
        ticks[i] += take_ticks(guest);
        uint64_t clock_ns = now_ns - clock_lag_ns(guest, now_ns), next_ns = guest->state.clock.next_tick_ns;
        assert_in_range(next_ns, clock_ns + 1, clock_ns + TICK_NS + TICK_NS / 2);
        assert_int_equal(next_ns, first_ns[i] + ticks[i] * TICK_NS);
        uint64_t most_ns = end_ns == UINT64_MAX ? 30 * MS : end_ns - now_ns;
        now_ns += (uint64_t)rand() % most_ns + 1;
        guest->life.activity = rand() % 3 == 0 ? GUEST_HALTED : rand() % 20 == 0 ? GUEST_BLOCKED : GUEST_READY;
        sched_turn_ends(&sched, guest, now_ns);
        now_ns += (uint64_t)rand() % 2000;
    }
}

/* Ten busy guests: each sees every tick of the wall clock, none is lost to coalescing. */
static void ten_busy_guests_keep_true_time(void **state)
{
    (void)state;
    unsigned ticks[10] = { 0 };
    make_guests(10);
    uint64_t start_ns = now_ns;
    while (now_ns - start_ns < 5000 * MS) {
        struct guest *guest = take_turn(TICK_NS);
        update_clocks();
        ticks[guest->life.id - 1] += virq_has(&guest->state.virq, VIRQ_TIMER);
        guest->state.virq.pending = 0;
    }
    for (unsigned i = 0; i < 10; i++)
        assert_in_range(ticks[i], 485, 500);
}

static void late_ticks_coalesce_to_one(void **state)
{
    (void)state;
    make_guests(1);
    now_ns += 57 * MS;
    clock_update(&guests[0], now_ns, TICK_NS);
    assert_true(virq_has(&guests[0].state.virq, VIRQ_TIMER));
    assert_int_equal(guests[0].state.virq.ticks_coalesced, 4);
    guests[0].state.virq.pending = 0;
    now_ns += 2 * MS;
    clock_update(&guests[0], now_ns, TICK_NS);
    assert_false(virq_has(&guests[0].state.virq, VIRQ_TIMER));
    now_ns += 1 * MS;       /* the phase is kept: 60 ms after launch */
    clock_update(&guests[0], now_ns, TICK_NS);
    assert_true(virq_has(&guests[0].state.virq, VIRQ_TIMER));
}

/* clock=run: of four busy guests each has its ticks by the processor time it got. */
static void a_running_clock_stands_still_while_waiting(void **state)
{
    (void)state;
    unsigned ticks = 0;
    make_guests(4);
    guests[0].state.clock.run = true;
    uint64_t start_ns = now_ns;
    while (now_ns - start_ns < 4000 * MS) {
        struct guest *guest = take_turn(TICK_NS);
        update_clocks();
        if (guest != &guests[0])
            continue;
        ticks += virq_has(&guest->state.virq, VIRQ_TIMER);
        guest->state.virq.pending = 0;
    }
    assert_in_range(ticks, 97, 101);
    assert_in_range(guests[0].state.clock.waited_ns, 2950 * MS, 3050 * MS);
}

/* clock=run: the hypervisor was busy when a tick fell due, or the serial line was. Neither is on the guest's clock. */
static void a_running_clock_leaves_out_what_others_hold_up(void **state)
{
    (void)state;
    make_guests(2);
    for (unsigned i = 0; i < 2; i++) {
        guests[i].life.activity = GUEST_HALTED;
        guests[i].state.clock.run = i == 0;
    }
    sched_sync(&sched, now_ns);
    now_ns += 55 * MS;
    assert_int_equal(clock_lag_ns(&guests[0], now_ns), 45 * MS);
    sched_sync(&sched, now_ns);
    sched_wake_due(&sched, now_ns);
    assert_int_equal(guests[0].state.virq.ticks_coalesced, 0);
    assert_int_equal(guests[1].state.virq.ticks_coalesced, 4);
    now_ns += 5 * MS;
    assert_int_equal(clock_lag_ns(&guests[0], now_ns), 50 * MS);
    sched_turn_begins(&guests[0], now_ns);
    guests[0].life.activity = GUEST_BLOCKED;
    sched_turn_ends(&sched, &guests[0], now_ns += 2 * MS);
    now_ns += 300 * MS;
    assert_int_equal(clock_lag_ns(&guests[0], now_ns), 350 * MS);
    sched_wake(&sched, &guests[0], now_ns);
    assert_int_equal(clock_lag_ns(&guests[0], now_ns), 350 * MS);
    assert_int_equal(clock_lag_ns(&guests[1], now_ns), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halted_guests_wake_by_their_ticks),
        cmocka_unit_test(a_clock_that_runs_never_goes_back),
        cmocka_unit_test(who_runs_on_after_its_tick_has_a_short_turn),
        cmocka_unit_test(all_sleepers_wake_together),
        cmocka_unit_test(a_random_walk_loses_no_tick),
        cmocka_unit_test(ten_busy_guests_keep_true_time),
        cmocka_unit_test(late_ticks_coalesce_to_one),
        cmocka_unit_test(a_running_clock_stands_still_while_waiting),
        cmocka_unit_test(a_running_clock_leaves_out_what_others_hold_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
