/*
 * check.h - how test programs tell right from wrong. Silent unless something fails; each process counts for itself.
 */
#ifndef USER_CHECK_H
#define USER_CHECK_H

#include "pebbles.h"

#define CHECK(condition) check_true((condition), #condition, __FILE_NAME__, __LINE__)
#define CHECK_EQUAL(got, expected) check_equal((got), (expected), #got, __FILE_NAME__, __LINE__)

/* Count a check, print it when it failed; whether it held. */
bool check_true(bool holds, const char *text, const char *file, int line);
bool check_equal(int got, int expected, const char *text, const char *file, int line);

/* Exit status of a test: 0 when it checked something and all of it held, else 1. */
int check_result(void);

/*
 * Run body() in a child, with the checks in it counted there: for bodies that end early if what they test goes wrong,
 * such as an exec that should fail.
 */
#define CHECK_TO_THE_END(body) CHECK_EQUAL(check_to_the_end(body), CHECK_REACHED_THE_END)
#define CHECK_REACHED_THE_END 1541
int check_to_the_end(void (*body)(void));

#endif
