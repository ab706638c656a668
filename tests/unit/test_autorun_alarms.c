/*
 * test_autorun_alarms.c - alarms ring in order, whatever is added, moved and taken away meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "monitor/autorun_alarms.h"
#include "monitor/autorun_test.h"

#define TESTS 200u
#define ROUNDS 300u

static struct autorun_test tests[TESTS];
static uint64_t due_ns[TESTS];          /* UINT64_MAX: has none */

/* By a walk over all, as the heap must say. */
static uint64_t find_first(unsigned count, unsigned *index)
{
    *index = 0;
    for (unsigned i = 1; i < count; i++)
        *index = due_ns[i] < due_ns[*index] ? i : *index;
    return count > 0 ? due_ns[*index] : UINT64_MAX;
}

static void check_first(unsigned count)
{
    unsigned expected, index;
    uint64_t at_ns = find_first(count, &expected);

    assert_true(autorun_alarms_first(&index) == at_ns);
    if (at_ns != UINT64_MAX)
        assert_int_equal(index, expected);
}

static void rings_in_order(void **state)
{
    (void)state;
    srand(3);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned count = 0, first;
        autorun_alarms_init(tests);
        check_first(0);
        for (unsigned step = 0; step < 4 * TESTS; step++) {
            if (count < TESTS && rand() % 2) {
                due_ns[count] = (uint64_t)(rand() % 50);
                autorun_alarms_add(count, due_ns[count]);
                count++;
            } else if (find_first(count, &first) != UINT64_MAX) {
                due_ns[first] = rand() % 3 ? due_ns[first] + (uint64_t)(rand() % 40) : UINT64_MAX;
                autorun_alarms_delay_first(due_ns[first]);
            }
            check_first(count);
        }
    }
}

int main(void)
{
    const struct CMUnitTest all[] = { cmocka_unit_test(rings_in_order) };

    return cmocka_run_group_tests(all, NULL, NULL);
}
