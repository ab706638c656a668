/*
 * misbehave_test.c - proves: programs come out right whichever thread the scheduler picks next, and misbehave tells the
 * mode it replaces.
 */
#include "check.h"
#include "process.h"

#define CHILDREN 10
#define FIRST_ROUNDS 20

static int child(int number)
{
    for (int i = 0; i < number; i++)
        yield(-1);
    return number;
}

static void work(void)
{
    int status, sum = 0;

    for (int i = 0; i < CHILDREN; i++)
        CHECK(process_fork(child, i) > 0);
    for (int i = 0; i < CHILDREN; i++) {
        CHECK(wait(&status) > 0);
        sum += status;
    }
    CHECK_EQUAL(sum, CHILDREN * (CHILDREN - 1) / 2);
    CHECK(wait(NULL) < 0);
}

/* The child runs, and ends, before fork returns; unless a tick falls into its short life, and that is not often. */
static void child_first(void)
{
    int gone = 0;

    for (int i = 0; i < FIRST_ROUNDS; i++) {
        int tid = fork();
        if (tid == 0)
            vanish();
        gone += yield(tid) < 0;
        CHECK_EQUAL(wait(NULL), tid);
    }
    CHECK(gone > FIRST_ROUNDS / 2);
}

int main(void)
{
    int before = misbehave(PEBBLES_MISBEHAVE_RANDOM);

    CHECK(before >= 0);
    work();
    CHECK_EQUAL(misbehave(PEBBLES_MISBEHAVE_CHILD_FIRST), PEBBLES_MISBEHAVE_RANDOM);
    work();
    child_first();
    CHECK_EQUAL(misbehave(PEBBLES_MISBEHAVE_NONE), PEBBLES_MISBEHAVE_CHILD_FIRST);
    work();
    CHECK(misbehave(99) < 0);
    CHECK(misbehave(-1) < 0);
    CHECK_EQUAL(misbehave(before), PEBBLES_MISBEHAVE_NONE);
    return check_result();
}
