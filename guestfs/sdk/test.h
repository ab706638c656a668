/*
 * test.h - what test guests use to tell right from wrong.
 *
 * A guest that runs to its end returns test_result(): exit status 0 when every CHECK held. A guest that must be crashed
 * calls test_survived() behind the spot where that should have happened.
 */
#ifndef SDK_TEST_H
#define SDK_TEST_H

#include "sdk.h"

#define CHECK(condition) test_check((condition), #condition, __FILE_NAME__, __LINE__)
#define CHECK_EQUAL(got, expected) \
    test_check_equal((uint32_t)(got), (uint32_t)(expected), #got, __FILE_NAME__, __LINE__)

/* Count a check and print it when it failed. Returns whether it held. */
bool test_check(bool condition, const char *text, const char *file, int line);
bool test_check_equal(uint32_t got, uint32_t expected, const char *text, const char *file, int line);

/* Print the tally; the number of failed checks (at most 100) for main to return. No check at all is a failure. */
int test_result(void);

/* The guest should be dead by now: say so and end with status 1. */
_Noreturn void test_survived(void);

/*
 * Several guests from one C file: CASE(name) { ... } writes one variant, and the linker binds test_case() to the one
 * that this guest is (see guestfs/meson.build).
 */
#define CASE(name)          \
    void case_##name(void); \
    void case_##name(void)
void test_case(void);

#endif
