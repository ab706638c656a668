/*
 * check.c - see check.h. A test that fails in a loop is cut short: its first lines tell enough.
 */
#include "check.h"
#include "process.h"

#define FAILURES_MAX 8

static int checks, failures;

static void failed(void)
{
    if (++failures == FAILURES_MAX)
        task_vanish(1);
}

bool check_true(bool holds, const char *text, const char *file, int line)
{
    checks++;
    if (!holds) {
        printf("%s:%d: failed: %s\n", file, line, text);
        failed();
    }
    return holds;
}

bool check_equal(int got, int expected, const char *text, const char *file, int line)
{
    checks++;
    if (got != expected) {
        printf("%s:%d: failed: %s is %d (0x%x), not %d\n", file, line, text, got, (unsigned)got, expected);
        failed();
    }
    return got == expected;
}

int check_result(void)
{
    return checks > 0 && failures == 0 ? 0 : 1;
}

int check_to_the_end(void (*body)(void))
{
    int tid = fork();

    if (tid == 0) {
        body();
        task_vanish(check_result() == 0 ? CHECK_REACHED_THE_END : 1);
    }
    return process_wait(tid);
}
