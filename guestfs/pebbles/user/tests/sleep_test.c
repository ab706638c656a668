/*
 * sleep_test.c - proves: time goes on, also while nobody asks; sleep lasts at least as long as asked and not much
 * longer; sleepers wake in the order of their times; sleep(0) returns at once.
 */
#include "check.h"
#include "process.h"

#define SLEEPERS 5
#define SLACK_TICKS 50                  /* the machine may be busy */
#define STEP_TICKS 4

static int first_start;

/* Until a common time that lies STEP_TICKS times its number behind the start. */
static int sleeper(int number)
{
    int start = get_ticks(), ticks = first_start + STEP_TICKS * number - start;

    CHECK(ticks > 0);
    CHECK_EQUAL(sleep(ticks), 0);
    int slept = get_ticks() - start;
    CHECK(slept >= ticks);
    CHECK(slept <= ticks + SLACK_TICKS);
    return check_result() == 0 ? number : -1;
}

int main(void)
{
    int status, last = 0;

    first_start = get_ticks();
    CHECK(first_start >= 0);
    CHECK_EQUAL(sleep(0), 0);
    for (int i = 0; i < SLEEPERS; i++)
        CHECK(process_fork(sleeper, i * 3 % SLEEPERS + 2) > 0);
    for (int i = 0; i < SLEEPERS; i++) {
        CHECK(wait(&status) > 0);
        CHECK(status > last);
        last = status;
    }
    int start = get_ticks();
    CHECK(start - first_start >= STEP_TICKS * (SLEEPERS + 1));
    while (get_ticks() - start < 2)
        continue;
    return check_result();
}
