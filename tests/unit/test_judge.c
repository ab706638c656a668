/*
 * test_judge.c - monitor/judge: every kind of end against every kind of expectation, and the guest's own clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/judge.h"

static char bytes[TAPFMT_VERDICT_BYTES + 1];
static struct guest guest;
static struct judge_tally tally;

/* The verdict on this guest (NULL: refused), as text. */
static const char *judge(enum config_expect expect, uint32_t status, const struct guest *judged)
{
    struct config_autorun spec = { .name = "k", .expect = expect, .expect_status = status, .timeout_ms = 10000,
                                   .refused = "no such guest" };
    struct tapfmt_buffer buffer = { bytes, TAPFMT_VERDICT_BYTES, 0 };

    judge_write(&buffer, 1, &spec, judged, NULL, &tally);
    bytes[buffer.used] = '\0';
    return bytes;
}

static const struct guest *ended(enum guest_end end, int32_t status)
{
    memset(&guest, 0, sizeof(guest));
    guest.life.activity = GUEST_ENDED;
    guest.life.report = "";
    guest.life.end = end;
    guest.life.status = status;
    guest.life.started_ns = 5000000;
    guest.life.ended_ns = 8999999;
    return &guest;
}

static void assert_ok(enum config_expect expect, uint32_t status, const struct guest *judged, const char *line)
{
    assert_string_equal(judge(expect, status, judged), line);
}

static void assert_not_ok(enum config_expect expect, uint32_t status, const struct guest *judged, const char *part)
{
    const char *text = judge(expect, status, judged);

    assert_memory_equal(text, "not ok 1 - k", 12);
    assert_non_null(strstr(text, part));
}

static void test_expected(void **state)
{
    const int32_t crash = (int32_t)HV_STATUS_CRASH;

    (void)state;
    assert_ok(CONFIG_EXPECT_EXIT, 77, ended(GUEST_END_EXIT, 77), "ok 1 - k # exit 77 in 3 ms\n");
    assert_ok(CONFIG_EXPECT_EXIT, 0xFFFFFFF6u, ended(GUEST_END_EXIT, -10), "ok 1 - k # exit -10 in 3 ms\n");
    assert_ok(CONFIG_EXPECT_CRASH, 0, ended(GUEST_END_CRASH, crash), "ok 1 - k # crash 0xdeadc0de in 3 ms\n");
    assert_ok(CONFIG_EXPECT_EXIT, HV_STATUS_CRASH, ended(GUEST_END_CRASH, crash),
              "ok 1 - k # crash 0xdeadc0de in 3 ms\n");
    assert_ok(CONFIG_EXPECT_EXIT, HV_STATUS_CRASH, ended(GUEST_END_EXIT, crash),
              "ok 1 - k # exit -559038242 in 3 ms\n");
    assert_ok(CONFIG_EXPECT_TIMEOUT, 0, ended(GUEST_END_TIMEOUT, 0), "ok 1 - k # timeout after 10000 ms\n");
    assert_ok(CONFIG_EXPECT_REFUSED, 0, NULL, "ok 1 - k # refused: no such guest\n");
    assert_int_equal(tally.ok, 7);
    assert_int_equal(tally.not_ok, 0);
    assert_int_equal(tally.crashed, 2);
}

static void test_unexpected(void **state)
{
    const int32_t crash = (int32_t)HV_STATUS_CRASH;

    (void)state;
    memset(&tally, 0, sizeof(tally));
    assert_not_ok(CONFIG_EXPECT_EXIT, 0, ended(GUEST_END_EXIT, -1), "  expected: exit 0\n  got: exit -1\n");
    assert_not_ok(CONFIG_EXPECT_EXIT, 0, ended(GUEST_END_CRASH, crash), "  got: crash 0xdeadc0de\n");
    assert_not_ok(CONFIG_EXPECT_CRASH, 0, ended(GUEST_END_EXIT, crash), "  expected: crash\n");
    assert_not_ok(CONFIG_EXPECT_EXIT, 0, ended(GUEST_END_TIMEOUT, 0), "  got: timeout after 10000 ms\n");
    assert_not_ok(CONFIG_EXPECT_EXIT, 0, ended(GUEST_END_KILL, 0), "  got: killed after 3 ms\n");
    assert_not_ok(CONFIG_EXPECT_TIMEOUT, 0, ended(GUEST_END_KILL, 0), "  expected: timeout\n");
    assert_not_ok(CONFIG_EXPECT_REFUSED, 0, ended(GUEST_END_EXIT, 0), "  expected: refused\n");
    assert_not_ok(CONFIG_EXPECT_EXIT, 0, NULL, "not ok 1 - k # refused: no such guest\n");
    assert_int_equal(tally.ok, 0);
    assert_int_equal(tally.not_ok, 8);
    assert_int_equal(tally.crashed, 1);
}

static void test_deadline(void **state)
{
    (void)state;
    memset(&guest, 0, sizeof(guest));
    guest.life.started_ns = 100;
    guest.state.clock.waited_ns = 7;
    guest.turns.ready_since_ns = 500;
    assert_true(judge_deadline_ns(&guest, 500) == UINT64_MAX);
    guest.life.timeout_ns = 1000;
    assert_int_equal(judge_deadline_ns(&guest, 5000), 1100);
    guest.state.clock.run = true;
    assert_int_equal(judge_deadline_ns(&guest, 500), 1107);
}

/* A guest that waits for the processor, or has not had it yet, is never out of time while it waits. */
static void test_deadline_in_mid_wait(void **state)
{
    (void)state;
    memset(&guest, 0, sizeof(guest));
    guest.state.clock.run = true;
    guest.life.started_ns = guest.turns.ready_since_ns = 100;
    guest.life.timeout_ns = 1000;
    assert_int_equal(judge_deadline_ns(&guest, 100), 1100);
    assert_int_equal(judge_deadline_ns(&guest, 5000000), 5001000);
    guest.life.activity = GUEST_BLOCKED;        /* by neighbours that print, too */
    assert_int_equal(judge_deadline_ns(&guest, 5000000), 5001000);
    guest.life.activity = GUEST_HALTED;         /* until its tick is due it sleeps, and its clock goes on */
    guest.turns.wake_ns = 800;
    assert_int_equal(judge_deadline_ns(&guest, 700), 1100);
    assert_int_equal(judge_deadline_ns(&guest, 900), 1200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expected),
        cmocka_unit_test(test_unexpected),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_deadline_in_mid_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
