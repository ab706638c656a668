/*
 * test_give_way.c - who spins has the processor taken from it until something comes for it, and no other guest; its
 * clock goes on as if it spun. Whether a loop does nothing is for idle_loop.c to say: here the test says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guest/clock.h"
#include "guest/give_way.h"
#include "guest/idle_loop.h"
#include "guest/sched.h"

#define MS 1000000ull
#define TICK_NS (10 * MS)
#define GUESTS 20u
#define NOW_NS (1000 * MS)      /* a tick was due here: the next is 10 ms on */

static struct guest guests[GUESTS];
static unsigned guest_count, proofs;
static bool is_loop[GUESTS];
static const struct sched sched = { .tick_ns = TICK_NS };

struct guest *guest_first(void)
{
    return guest_count ? &guests[0] : NULL;
}

/* All of them are stirred, always. */
struct guest *guest_first_stirred(void)
{
    return guest_first();
}

struct guest *guest_next_stirred(const struct guest *guest)
{
    return guest->next;
}

void guest_stir(struct guest *guest)
{
    (void)guest;
}

bool idle_loop_holds(const struct guest *guest)
{
    proofs++;
    return is_loop[guest - guests];
}

static void make_guests(unsigned count)
{
    memset(guests, 0, sizeof(guests));
    memset(is_loop, 0, sizeof(is_loop));
    guest_count = count;
    proofs = 0;
    for (unsigned i = 0; i < count; i++) {
        guests[i].state.virq.enabled = true;
        guests[i].state.clock.next_tick_ns = NOW_NS + TICK_NS;
        guests[i].turns.ready_since_ns = NOW_NS;
        guests[i].next = i + 1 < count ? &guests[i + 1] : NULL;
    }
}

static enum guest_activity activity(unsigned number)
{
    return guests[number].life.activity;
}

static void test_spins_until_its_tick(void **state)
{
    (void)state;
    make_guests(2);
    is_loop[1] = true;
    assert_int_equal(give_way(&sched, NOW_NS), NOW_NS + TICK_NS);
    assert_int_equal(activity(0), GUEST_READY);
    assert_int_equal(activity(1), GUEST_SPINNING);
    assert_int_equal(guests[1].spin.gave_way, 1);
    assert_int_equal(give_way(&sched, NOW_NS + 4 * MS), NOW_NS + TICK_NS);
    assert_int_equal(activity(1), GUEST_SPINNING);
    /* Its tick: it has the processor for its handler, and is looked at again soon. */
    assert_int_equal(give_way(&sched, NOW_NS + TICK_NS), NOW_NS + TICK_NS + MS / 10);
    assert_int_equal(activity(1), GUEST_READY);
    assert_int_equal(give_way(&sched, NOW_NS + TICK_NS + MS / 10), NOW_NS + TICK_NS + MS / 5);
    assert_int_equal(activity(1), GUEST_READY);     /* its tick is still to be raised by the turn that has not come */
    clock_update(&guests[1], NOW_NS + TICK_NS + MS / 5, TICK_NS);
    guests[1].state.virq.pending = 0;
    assert_int_equal(give_way(&sched, NOW_NS + TICK_NS + MS / 5), NOW_NS + 2 * TICK_NS);
    assert_int_equal(activity(1), GUEST_SPINNING);
}

static void test_key_wakes(void **state)
{
    (void)state;
    make_guests(1);
    is_loop[0] = true;
    give_way(&sched, NOW_NS);
    virq_raise_key(&guests[0].state.virq, 1);
    assert_int_equal(give_way(&sched, NOW_NS + MS), NOW_NS + MS + MS / 10);
    assert_int_equal(activity(0), GUEST_READY);
}

/* Interrupts off: nobody would ever wake it, and it would not be seen to hang. Cut, paused, halted: no. */
static void test_not_these(void **state)
{
    (void)state;
    make_guests(5);
    memset(is_loop, true, sizeof(is_loop));
    guests[0].state.virq.enabled = false;
    guests[1].state.unfinished.left = 1;
    guests[2].life.paused = true;
    guests[3].life.activity = GUEST_HALTED;
    guests[4].life.activity = GUEST_ENDED;
    assert_true(give_way(&sched, NOW_NS) == UINT64_MAX);
    for (unsigned i = 0; i < guest_count; i++)
        assert_int_equal(guests[i].spin.gave_way, 0);
    assert_int_equal(proofs, 0);
}

/* Whom something came for meanwhile must have it first. On a busy host that is so at most looks: the next is soon. */
static void test_wanted_first(void **state)
{
    (void)state;
    make_guests(2);
    memset(is_loop, true, sizeof(is_loop));
    virq_raise_tick(&guests[0].state.virq);
    guests[1].state.clock.next_tick_ns = NOW_NS;
    assert_int_equal(give_way(&sched, NOW_NS), NOW_NS + MS / 10);
    assert_int_equal(activity(0), GUEST_READY);
    assert_int_equal(activity(1), GUEST_READY);
    guests[0].state.virq.pending = 0;
    guests[1].state.clock.next_tick_ns = NOW_NS + TICK_NS;
    give_way(&sched, NOW_NS + MS / 10);
    assert_int_equal(activity(0), GUEST_SPINNING);
    assert_int_equal(activity(1), GUEST_SPINNING);
}

/* One that computes is asked ten times a second; one that stops to spin is soon one of these again. */
static void test_busy(void **state)
{
    (void)state;
    make_guests(1);
    for (unsigned i = 0; i < 1000; i++)
        give_way(&sched, NOW_NS + i * MS / 200);
    assert_int_equal(proofs, 1);
    proofs = 0;
    guests[0].state.clock.next_tick_ns = NOW_NS + 10000 * MS;
    for (unsigned i = 0; i < 1000; i++)
        assert_true(give_way(&sched, NOW_NS + 100 * MS + i * MS) == UINT64_MAX);
    assert_in_range(proofs, 9, 11);
    is_loop[0] = true;
    give_way(&sched, NOW_NS + 1200 * MS);
    assert_int_equal(activity(0), GUEST_SPINNING);
    is_loop[0] = false;
    virq_raise_key(&guests[0].state.virq, 1);
    uint64_t now_ns = NOW_NS + 1201 * MS, next_ns;
    next_ns = give_way(&sched, now_ns);
    guests[0].state.virq.pending = 0;
    for (proofs = 0; guests[0].spin.is_known; next_ns = give_way(&sched, next_ns))
        assert_in_range(proofs, 0, 60);
    assert_int_equal(next_ns, guests[0].spin.try_ns);   /* who did it once may do it again */
}

/* Who waits in the scheduler's queue is found there; who was busy is passed over until it is to be looked at again. */
static void test_in_queue(void **state)
{
    struct sched waiting = { .tick_ns = TICK_NS };
    (void)state;
    make_guests(3);
    is_loop[1] = true;
    for (unsigned i = 0; i < 3; i++)
        queue_put(&waiting.ready, &guests[i].turns.place, &guests[i], 0);
    assert_int_equal(give_way(&waiting, NOW_NS), NOW_NS + TICK_NS);
    assert_int_equal(proofs, 3);
    assert_int_equal(activity(0), GUEST_READY);
    assert_int_equal(activity(1), GUEST_SPINNING);
    queue_take(&guests[1].turns.place);             /* as sched_sync */
    is_loop[2] = true;
    guests[2].state.clock.next_tick_ns = NOW_NS + 10000 * MS;
    assert_int_equal(give_way(&waiting, NOW_NS + 99 * MS), NOW_NS + 99 * MS + MS / 10);     /* guest 1: its tick */
    assert_int_equal(proofs, 3);
    give_way(&waiting, NOW_NS + 100 * MS);
    assert_int_equal(activity(2), GUEST_SPINNING);
}

/* However many there are, a look takes eight proofs. */
static void test_bound(void **state)
{
    (void)state;
    make_guests(GUESTS);
    memset(is_loop, true, sizeof(is_loop));
    give_way(&sched, NOW_NS);
    assert_int_equal(proofs, GIVE_WAY_PROOFS);
    give_way(&sched, NOW_NS + MS);
    give_way(&sched, NOW_NS + 2 * MS);
    for (unsigned i = 0; i < GUESTS; i++)
        assert_int_equal(activity(i), GUEST_SPINNING);
}

/* clock=run: what it waited for the processor is no time of its own, what it spins is. */
static void test_clock_runs_on(void **state)
{
    (void)state;
    make_guests(1);
    is_loop[0] = true;
    guests[0].state.clock.run = true;
    guests[0].turns.ready_since_ns = NOW_NS - 3 * MS;
    give_way(&sched, NOW_NS);
    assert_int_equal(activity(0), GUEST_SPINNING);
    assert_int_equal(clock_lag_ns(&guests[0], NOW_NS + 5 * MS), 3 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spins_until_its_tick), cmocka_unit_test(test_key_wakes),
        cmocka_unit_test(test_not_these),            cmocka_unit_test(test_busy),
        cmocka_unit_test(test_wanted_first),         cmocka_unit_test(test_bound),
        cmocka_unit_test(test_clock_runs_on),        cmocka_unit_test(test_in_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
