/*
 * fork_wait.c - proves: a child begins with a copy of its parent's memory and changes only its own; wait hands every
 * status over once, and fails when there is no child.
 */
#include "check.h"
#include "process.h"

static int shared = 5;

static int change(int value)
{
    CHECK_EQUAL(shared, 5);
    shared = value;
    CHECK_EQUAL(shared, value);
    CHECK(wait(NULL) < 0);              /* the parent's children are not its own */
    return check_result() == 0 ? value : -100;
}

static int exit_by_vanish(int value)
{
    set_status(value);
    vanish();
}

static int parent_of_one(int value)
{
    return process_call(change, value) + 1;
}

int main(void)
{
    int parent = gettid(), tid;

    CHECK(wait(NULL) < 0);
    tid = fork();
    if (tid == 0)
        task_vanish(gettid() != parent ? gettid() : -1);
    CHECK(tid > 0);
    CHECK_EQUAL(process_wait(tid), tid);        /* fork told the number that gettid tells */
    for (int value = -1; value < 5; value++)
        CHECK_EQUAL(process_call(change, value), value);
    CHECK_EQUAL(process_call(exit_by_vanish, 77), 77);
    CHECK_EQUAL(process_call(parent_of_one, 40), 41);
    CHECK_EQUAL(shared, 5);
    tid = process_fork(change, 1);
    CHECK_EQUAL(wait(NULL), tid);
    CHECK(wait(NULL) < 0);
    return check_result();
}
