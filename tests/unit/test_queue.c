/*
 * test_queue.c - guests put into a queue one by one and many at once: in order of their times, and in order of coming
 * where these are equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/queue.h"

#define PLACES 300u
#define ROUNDS 2000u

static struct queue_place one_by_one[PLACES], at_once[PLACES];
static struct queue expected, queue;

/* A guest is known by its number, here and in the other queue: nobody looks into it. */
static struct guest *guest(unsigned number)
{
    return (struct guest *)(uintptr_t)(number + 1);
}

static void check_queue(void)
{
    const struct queue_place *before = NULL, *place = queue.first;
    unsigned count = 0;

    for (const struct queue_place *each = expected.first; each; each = each->next, place = place->next) {
        assert_non_null(place);
        assert_ptr_equal(place->guest, each->guest);
        assert_int_equal(place->key_ns, each->key_ns);
        assert_ptr_equal(place->previous, before);
        assert_ptr_equal(place->queue, &queue);
        before = place;
        count++;
    }
    assert_null(place);
    assert_ptr_equal(queue.last, before);
    assert_int_equal(queue.count, count);
}

/* These from first on, as a list, behind whatever is in the queue. */
static void put_list(unsigned first, unsigned count, uint64_t keys)
{
    struct queue_place *list = NULL, **end = &list;

    for (unsigned i = first; i < first + count; i++) {
        uint64_t key_ns = (uint64_t)rand() % keys;
        queue_put(&expected, &one_by_one[i], guest(i), key_ns);
        at_once[i] = (struct queue_place){ .guest = guest(i), .key_ns = key_ns };
        *end = &at_once[i];
        end = &at_once[i].next;
    }
    queue_put_list(&queue, list);
    check_queue();
}

static void lists_of_all_lengths(void **state)
{
    (void)state;
    srand(12);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t keys = round % 3 == 0 ? 3 : round % 3 == 1 ? PLACES : UINT32_MAX;
        unsigned first = 0;
        memset(&expected, 0, sizeof(expected));
        memset(&queue, 0, sizeof(queue));
        while (first < PLACES) {
            unsigned count = (unsigned)rand() % (round % 2 ? 4 : PLACES);
            count = count < PLACES - first ? count : PLACES - first;
            put_list(first, count, keys);
            first += count + (count == 0);
        }
    }
}

static void nobody(void **state)
{
    (void)state;
    memset(&expected, 0, sizeof(expected));
    memset(&queue, 0, sizeof(queue));
    put_list(0, 0, 1);
    put_list(0, 1, 1);
    put_list(1, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_all_lengths),
        cmocka_unit_test(nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
