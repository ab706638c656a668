/*
 * test_trace_ring.c - records are kept in order, the newest when the ring is full, and as many as memory allows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/frames.h"
#include "boot_info.h"
#include "guest/trace.h"
#include "pagetable/vmap.h"

#define FULL (TRACE_PAGES * TRACE_PAGE_RECORDS)

static unsigned frames_left, frames_out;

/* An address as the direct map would have it: hpa_to_ptr gives the memory back. */
hpa_t frames_alloc(void)
{
    if (frames_left == 0)
        return HPA(0);
    frames_left--;
    frames_out++;
    return ptr_to_hpa(aligned_alloc(PAGE_SIZE, PAGE_SIZE));
}

void frames_free(hpa_t frame)
{
    frames_out--;
    free(hpa_to_ptr(frame));
}

void vmap_free(void *memory)
{
    free(memory);
}

static struct trace *make_ring(unsigned frames)
{
    struct trace *trace = calloc(1, sizeof(*trace));

    frames_left = frames;
    trace->limit = FULL;
    return trace;
}

static void keep_many(struct trace *trace, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        trace_keep(trace, &(struct trace_record){ .at_ns = trace->made });
}

/* Each is where it is looked for, and nothing is left out. */
static void check_ring(const struct trace *trace, uint64_t made, uint64_t oldest)
{
    assert_int_equal(trace->made, made);
    assert_int_equal(trace_oldest(trace), oldest);
    for (uint64_t number = oldest; number < made; number++)
        assert_int_equal(trace_at(trace, number)->at_ns, number);
}

static void test_the_newest_are_kept(void **state)
{
    struct trace *trace = make_ring(TRACE_PAGES);

    (void)state;
    check_ring(trace, 0, 0);
    keep_many(trace, 1);
    assert_int_equal(frames_out, 1);
    check_ring(trace, 1, 0);
    keep_many(trace, FULL - 1);
    check_ring(trace, FULL, 0);
    keep_many(trace, FULL + 5);
    check_ring(trace, 2 * FULL + 5, FULL + 5);
    assert_int_equal(frames_out, TRACE_PAGES);
    trace_free(trace);
    assert_int_equal(frames_out, 0);
}

static void test_a_short_machine_keeps_less(void **state)
{
    struct trace *trace = make_ring(2);

    (void)state;
    keep_many(trace, 2 * TRACE_PAGE_RECORDS);
    check_ring(trace, 2 * TRACE_PAGE_RECORDS, 0);
    frames_left = 0;
    keep_many(trace, 7);
    frames_left = 1;            /* memory that comes later does not tear the ring */
    keep_many(trace, 3 * TRACE_PAGE_RECORDS);
    check_ring(trace, 5 * TRACE_PAGE_RECORDS + 7, 3 * TRACE_PAGE_RECORDS + 7);
    trace_free(trace);
    assert_int_equal(frames_out, 0);
}

static void test_no_memory_at_all_keeps_nothing(void **state)
{
    struct trace *trace = make_ring(0);

    (void)state;
    keep_many(trace, 3);
    check_ring(trace, 0, 0);
    trace_free(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_are_kept),
        cmocka_unit_test(test_a_short_machine_keeps_less),
        cmocka_unit_test(test_no_memory_at_all_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
