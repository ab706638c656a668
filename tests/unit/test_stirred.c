/*
 * test_stirred.c - who is stirred is seen to once, in order, and for a whole look.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/guest.h"

#define GUESTS 8u

static struct guest guests[GUESTS];

/* The numbers of those that are stirred, in order. */
static void check(const char *expected)
{
    char found[GUESTS + 1] = "";
    unsigned count = 0;

    for (const struct guest *guest = guest_first_stirred(); guest; guest = guest_next_stirred(guest)) {
        assert_in_range(count, 0, GUESTS - 1);
        found[count++] = (char)('0' + (guest - guests));
    }
    assert_string_equal(found, expected);
}

static int calm_all(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GUESTS; i++)
        guest_calm(&guests[i]);
    check("");
    return 0;
}

static void in_order(void **state)
{
    (void)state;
    guest_stir(&guests[2]);
    guest_stir(&guests[0]);
    guest_stir(&guests[1]);
    guest_stir(&guests[2]);
    check("201");
    guest_calm(&guests[1]);
    guest_calm(&guests[3]);
    check("20");
    guest_stir(&guests[3]);
    guest_calm(&guests[2]);
    check("03");
    guest_calm(&guests[2]);
    guest_stir(&guests[2]);
    check("032");
}

/* What happened in a look, its end does not take away: only the end of the next. */
static void for_a_whole_look(void **state)
{
    (void)state;
    guest_stir(&guests[0]);
    guest_calm_if_seen(&guests[0]);
    check("0");
    guest_stir(&guests[0]);             /* once more, in the next look */
    guest_calm_if_seen(&guests[0]);
    check("0");
    guest_calm_if_seen(&guests[0]);
    check("");
    guest_stir(&guests[0]);
    guest_calm_if_seen(&guests[0]);
    check("0");
}

/* Against an array that is searched. */
static void random_walk(void **state)
{
    (void)state;
    char expected[GUESTS + 1] = "";

    srand(5);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned number = (unsigned)rand() % GUESTS;
        char *at = strchr(expected, (int)('0' + number));
        if (rand() % 2) {
            guest_stir(&guests[number]);
            if (!at)
                strncat(expected, (char[]){ (char)('0' + number), '\0' }, 1);
        } else {
            guest_calm(&guests[number]);
            if (at)
                memmove(at, at + 1, strlen(at));
        }
        check(expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(in_order, calm_all),
        cmocka_unit_test_setup(for_a_whole_look, calm_all),
        cmocka_unit_test_setup(random_walk, calm_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
