/*
 * test.c - count checks and report them.
 */
#include "test.h"

static uint32_t check_count, failure_count;

bool test_check(bool condition, const char *text, const char *file, int line)
{
    check_count++;
    if (condition)
        return true;
    failure_count++;
    printf("%s:%d: failed: %s\n", file, line, text);
    return false;
}

bool test_check_equal(uint32_t got, uint32_t expected, const char *text, const char *file, int line)
{
    check_count++;
    if (got == expected)
        return true;
    failure_count++;
    printf("%s:%d: failed: %s is 0x%x, not 0x%x\n", file, line, text, got, expected);
    return false;
}

int test_result(void)
{
    printf("%u checks, %u failed\n", check_count, failure_count);
    if (check_count == 0)
        return 1;
    return failure_count < 100 ? (int)failure_count : 100;
}

void test_survived(void)
{
    print_string("still running after what should have ended this guest\n");
    hv_exit(1);
}
