/*
 * suite.c - runs every test program, one after the other: PASS or FAIL for each, and how many failed as status.
 *
 * suite NAME... runs only these.
 */
#include "process.h"

static const char *const all_tests[] = { SUITE_TESTS, NULL };   /* meson.build knows */

static bool passes(const char *name)
{
    const char *const argv[] = { name, NULL };
    int status = process_run(argv);

    if (status == 0)
        printf("PASS %s\n", name);
    else
        printf("FAIL %s (status %d)\n", name, status);
    return status == 0;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    const char *const *names = argc > 1 ? (const char *const *)argv + 1 : all_tests;

    for (; *names != NULL; names++) {
        if (passes(*names))
            passed++;
        else
            failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed;
}
