/*
 * test_balloon.c - who is asked for memory, how often, and how long a launch waits for the answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "guest/balloon.h"
#include "guest/guest.h"

#define MS 1000000ull
#define TOTAL 32000u

static struct guest guests[2];
static uint64_t free_count, now_ns = MS;     /* time goes on from test to test, as the balloon remembers it */

struct guest *guest_first(void)
{
    return &guests[0];
}

uint64_t frames_count_total(void)
{
    return TOTAL;
}

uint64_t frames_count_free(void)
{
    return free_count;
}

static int setup(void **state)
{
    (void)state;
    memset(guests, 0, sizeof(guests));
    guests[0].next = &guests[1];
    for (unsigned i = 0; i < 2; i++) {
        guests[i].family.rights.control = true;
        guests[i].state.idt[HV_SLOT_MESSAGE].eip = 0x100000;
    }
    now_ns += 5000 * MS;
    free_count = TOTAL;
    balloon_look(now_ns);                   /* memory is plenty, and has been for long */
    return 0;
}

/* Which of the guests have a message; they have it no more. */
static unsigned take_messages(void)
{
    unsigned which = 0;

    for (unsigned i = 0; i < 2; i++) {
        which |= (unsigned)virq_has(&guests[i].state.virq, VIRQ_MESSAGE) << i;
        virq_init(&guests[i].state.virq);
    }
    return which;
}

static void test_asks_when_short(void **state)
{
    (void)state;
    balloon_look(now_ns);
    assert_int_equal(take_messages(), 0);
    free_count = TOTAL / 32;
    balloon_look(now_ns);
    assert_int_equal(take_messages(), 0);
    free_count--;
    balloon_look(now_ns);
    assert_int_equal(take_messages(), 3);
    balloon_look(now_ns + 99 * MS);
    assert_int_equal(take_messages(), 0);
    balloon_look(now_ns + 100 * MS);
    assert_int_equal(take_messages(), 3);
}

/* An empty slot would end the guest, and one without the right has no such call. */
static void test_asks_only_who_can(void **state)
{
    (void)state;
    free_count = 1;
    guests[0].family.rights.control = false;
    guests[1].state.idt[HV_SLOT_MESSAGE].eip = 0;
    balloon_look(now_ns);
    assert_int_equal(take_messages(), 0);
    guests[1].state.idt[HV_SLOT_MESSAGE].eip = 1;
    guests[1].life.paused = true;
    balloon_look(now_ns += 200 * MS);
    assert_int_equal(take_messages(), 0);
    guests[1].life.paused = false;
    guests[0].family.rights.control = true;
    guests[0].life.activity = GUEST_ENDED;
    balloon_look(now_ns += 200 * MS);
    assert_int_equal(take_messages(), 2);
}

static void test_launch(void **state)
{
    (void)state;
    assert_false(balloon_launch_waits(now_ns));
    free_count = 1023;
    assert_true(balloon_launch_waits(now_ns));
    assert_int_equal(take_messages(), 3);
    assert_true(balloon_launch_waits(now_ns + 200 * MS));
    free_count = 1024;                      /* somebody answered */
    assert_false(balloon_launch_waits(now_ns + 201 * MS));
    balloon_look(now_ns + 202 * MS);
    free_count = 1;                         /* who answered takes it again: another launch waits for the rest */
    assert_true(balloon_launch_waits(now_ns + 210 * MS));
    assert_int_equal(take_messages(), 3);
    assert_true(balloon_launch_waits(now_ns + 299 * MS));
    assert_false(balloon_launch_waits(now_ns + 300 * MS));
    free_count = 1024;
    balloon_look(now_ns + 1299 * MS);
    free_count = 1023;
    assert_false(balloon_launch_waits(now_ns + 1299 * MS));
    free_count = 1024;
    balloon_look(now_ns + 1300 * MS);
    assert_false(balloon_launch_waits(now_ns + 1300 * MS));
    free_count = 1023;                      /* there was memory for long: who comes now waits */
    assert_true(balloon_launch_waits(now_ns + 1301 * MS));
    take_messages();
    guests[0].life.activity = guests[1].life.activity = GUEST_ENDED;
    assert_false(balloon_launch_waits(now_ns + 1420 * MS));     /* nobody is there to wait for */
}

/* Sixty launches without memory took 18 seconds, and whoever was to be ended meanwhile stayed. */
static void test_launches_wait_once(void **state)
{
    (void)state;
    free_count = 1024;
    assert_false(balloon_launch_waits(now_ns));
    free_count = 100;
    assert_true(balloon_launch_waits(now_ns));
    assert_int_equal(take_messages(), 3);
    assert_true(balloon_launch_waits(now_ns + 299 * MS));
    assert_int_equal(take_messages(), 3);
    assert_false(balloon_launch_waits(now_ns + 300 * MS));
    assert_int_equal(take_messages(), 0);
    for (unsigned i = 1; i < 60; i++) {
        assert_false(balloon_launch_waits(now_ns + 300 * MS + i * 50 * MS));
        assert_int_equal(take_messages(), i % 2 == 0 ? 3 : 0);     /* but they are asked */
    }
}

static void test_word(void **state)
{
    (void)state;
    uint32_t word = 0;

    virq_raise_message(&guests[0].state.virq);
    assert_int_equal(virq_take(&guests[0].state.virq, &word), HV_SLOT_MESSAGE);
    assert_int_equal(word, HV_MESSAGE_MEMORY);
    assert_false(virq_is_pending(&guests[0].state.virq));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_asks_when_short, setup),
        cmocka_unit_test_setup(test_asks_only_who_can, setup),
        cmocka_unit_test_setup(test_launch, setup),
        cmocka_unit_test_setup(test_launches_wait_once, setup),
        cmocka_unit_test_setup(test_word, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
