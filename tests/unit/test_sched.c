/*
 * test_sched.c - turns and ticks on paper: fair shares, no hoarding of credit, and the two clocks a guest may have.
 *
 * A simulated processor runs guests as run.c does: pick, a turn of one slice, book-keeping. Only time is made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/clock.h"
#include "guest/guest.h"
#include "guest/sched.h"

#define GUESTS 32
#define MS 1000000ull
#define TICK_NS (10 * MS)

static struct guest guests[GUESTS];
static struct guest *first;
static struct sched sched = { .tick_ns = TICK_NS };      /* goes on from test to test, as its clock does */
static uint64_t now_ns = 1000 * MS;     /* goes on from test to test, as the scheduler's own clock does */

struct guest *guest_first(void)
{
    return first;
}

/* As if all had been released. */
static void forget_guests(void)
{
    sched.ready = sched.sleeping = (struct queue){ .count = 0 };
    first = NULL;
}

static void make_guests(unsigned count)
{
    memset(guests, 0, sizeof(guests));
    forget_guests();
    now_ns = (now_ns / TICK_NS + 1) * TICK_NS;      /* where the machine's ticks are */
    for (unsigned i = count; i-- > 0;) {
        guests[i].life.id = i + 1;
        guests[i].life.activity = GUEST_READY;
        guests[i].life.started_ns = guests[i].turns.ready_since_ns = now_ns;
        guests[i].state.clock.next_tick_ns = now_ns + TICK_NS;
        virq_init(&guests[i].state.virq);
        guests[i].next = first;
        first = &guests[i];
    }
    sched_sync(&sched, now_ns);
}

static void update_clocks(void)
{
    for (struct guest *guest = first; guest; guest = guest->next)
        clock_update(guest, now_ns, TICK_NS);
    sched_wake_due(&sched, now_ns);
}

/* One turn, ended early after most_ns. */
static struct guest *take_turn(uint64_t most_ns)
{
    update_clocks();
    struct guest *guest = sched_next(&sched, now_ns);
    if (!guest)
        return NULL;
    uint64_t end_ns = sched_turn_end(&sched, guest, now_ns);
    now_ns = end_ns - now_ns < most_ns ? end_ns : now_ns + most_ns;
    sched_turn_ends(&sched, guest, now_ns);
    return guest;
}

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
        cmocka_unit_test(busy_guests_share_evenly),
        cmocka_unit_test(short_turns_do_not_cost_time),
        cmocka_unit_test(nobody_waits_for_two_turns_of_each),
        cmocka_unit_test(a_sleeper_runs_soon_but_earns_one_turn_at_most),
        cmocka_unit_test(paused_and_blocked_guests_are_never_picked),
        cmocka_unit_test(newcomers_have_no_credit),
        cmocka_unit_test(a_pause_earns_one_turn_at_most),
        cmocka_unit_test(halted_guests_wake_by_their_ticks),
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
