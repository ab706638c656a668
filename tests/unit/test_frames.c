/*
 * test_frames.c - the frame allocator against a naive model (one owner byte per frame), on a map with holes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "base/log.h"
#include "host_panic.h"

#define TOP_FRAMES 10240u       /* 20 blocks of 2 MiB */
#define STEPS 100000

enum owner { FOREIGN, FREE, TAKEN };

static uint8_t model[TOP_FRAMES];
static uint64_t model_free, model_total, large_count;
static void *bookkeeping;

static hpa_t frame_address(uint64_t frame)
{
    return HPA(frame * PAGE_SIZE);
}

static void add(uint64_t first, uint64_t count)
{
    frames_add(frame_address(first), count * PAGE_SIZE);
    for (uint64_t frame = first; frame < first + count; frame++) {
        if (frame == 0)
            continue;
        assert_int_equal(model[frame], FOREIGN);
        model[frame] = FREE;
        model_free++;
        model_total++;
    }
}

static int set_up(void **state)
{
    (void)state;
    hpa_t top = frame_address(TOP_FRAMES);
    bookkeeping = calloc(1, frames_bookkeeping_bytes(top));
    frames_init(bookkeeping, top);
    memset(model, FOREIGN, sizeof(model));
    model_free = model_total = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(bookkeeping);
    return 0;
}

/* As firmware leaves it: a low part with holes, ranges that start and end inside blocks, neighbours, a big hole. */
static void add_typical_map(void)
{
    add(0, 159);
    add(256, 600);
    add(900, 1);
    add(1023, 2);
    add(1025, 999);
    add(2024, 24);
    add(4096, 512 * 6);
    add(9000, 1240);
}

static uint64_t pick(enum owner owner)
{
    uint64_t start = (uint64_t)rand() % TOP_FRAMES;
    for (uint64_t i = 0; i < TOP_FRAMES; i++) {
        if (model[(start + i) % TOP_FRAMES] == owner)
            return (start + i) % TOP_FRAMES;
    }
    return TOP_FRAMES;
}

static int model_block_is(uint64_t first, enum owner owner)
{
    for (uint64_t frame = first; frame < first + LARGE_PAGE_FRAMES; frame++) {
        if (model[frame] != owner)
            return 0;
    }
    return 1;
}

static uint64_t model_count_whole(void)
{
    uint64_t count = 0;
    for (uint64_t first = 0; first < TOP_FRAMES; first += LARGE_PAGE_FRAMES)
        count += (uint64_t)model_block_is(first, FREE);
    return count;
}

/* Is there a free frame outside the whole blocks? Then frames_alloc must not break one. */
static void step_alloc(void)
{
    uint64_t whole = model_count_whole();
    uint64_t in_broken = model_free - whole * LARGE_PAGE_FRAMES;
    hpa_t address = frames_alloc();

    if (model_free == 0) {
        assert_true(address.v == HPA_NONE.v);
        return;
    }
    uint64_t frame = address.v / PAGE_SIZE;
    assert_true(address.v % PAGE_SIZE == 0 && frame < TOP_FRAMES);
    assert_int_equal(model[frame], FREE);
    model[frame] = TAKEN;
    model_free--;
    assert_int_equal(model_count_whole(), in_broken > 0 ? whole : whole - 1);
}

/* A whole block, as long as there is one and more than half of all is free. */
static void step_alloc_large(void)
{
    uint64_t whole = model_count_whole();
    hpa_t address = frames_alloc_large();

    if (whole == 0 || model_free <= model_total / 2) {
        assert_true(address.v == HPA_NONE.v);
        return;
    }
    uint64_t first = address.v / PAGE_SIZE;
    assert_true(address.v % LARGE_PAGE_SIZE == 0 && first < TOP_FRAMES);
    assert_true(model_block_is(first, FREE));
    memset(model + first, TAKEN, LARGE_PAGE_FRAMES);
    model_free -= LARGE_PAGE_FRAMES;
    assert_int_equal(model_count_whole(), whole - 1);
    large_count++;
}

static void step_free(void)
{
    uint64_t frame = pick(TAKEN);
    if (frame == TOP_FRAMES)
        return;
    frames_free(frame_address(frame));
    model[frame] = FREE;
    model_free++;
}

static void test_random_walk(void **state)
{
    (void)state;
    add_typical_map();
    int tendency = 50;
    for (int step = 0; step < STEPS; step++) {
        if (step % 8000 == 0)
            tendency = rand() % 101;    /* percent of allocations: long stretches fill or empty the memory */
        if (rand() % 100 < tendency && rand() % 1000 == 0)
            step_alloc_large();
        else if (rand() % 100 < tendency)
            step_alloc();
        else
            step_free();
        assert_true(frames_count_free() == model_free);
    }
    assert_true(frames_count_total() == model_total);
    assert_true(large_count > 10);
}

static void test_everything_comes_back(void **state)
{
    static hpa_t taken[TOP_FRAMES];
    unsigned count = 0;

    (void)state;
    add_typical_map();
    for (hpa_t frame = frames_alloc(); frame.v != HPA_NONE.v; frame = frames_alloc())
        taken[count++] = frame;
    assert_int_equal(count, frames_count_total());
    assert_int_equal(frames_count_free(), 0);
    while (count > 0)
        frames_free(taken[--count]);
    assert_true(frames_count_free() == frames_count_total());
}

static void test_wrong_frees_panic(void **state)
{
    (void)state;
    add_typical_map();
    hpa_t frame = frames_alloc();
    frames_free(frame);
    expect_panic(frames_free(frame));                          /* twice */
    expect_panic(frames_free(frame_address(0)));               /* never handed out */
    expect_panic(frames_free(frame_address(200)));             /* in the hole of a block with RAM */
    expect_panic(frames_free(frame_address(3000)));            /* in a block without RAM */
    expect_panic(frames_free(frame_address(TOP_FRAMES)));
    expect_panic(frames_free(HPA(~0ull << PAGE_SHIFT)));
    expect_panic(frames_free(HPA(256 * PAGE_SIZE + 8)));
}

static void test_wrong_adds_panic(void **state)
{
    (void)state;
    add_typical_map();
    expect_panic(frames_add(frame_address(500), 4 * PAGE_SIZE));   /* RAM already */
    expect_panic(frames_add(frame_address(159), 98 * PAGE_SIZE));  /* runs into the next range */
    expect_panic(frames_add(frame_address(TOP_FRAMES), PAGE_SIZE));
    expect_panic(frames_add(HPA(0x800), PAGE_SIZE));
}

static void test_too_many_ranges_are_left_out(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 300; i++)
        frames_add(frame_address(2 + 2 * i), PAGE_SIZE);
    assert_int_equal(frames_count_total(), 256);
    assert_int_equal(frames_count_free(), 256);
    assert_non_null(strstr(log_kept(0), "more than 256 separate ranges"));
    assert_null(log_kept(1));                   /* said once, not 44 times */
}

static void test_bookkeeping_is_small(void **state)
{
    (void)state;
    assert_in_range(frames_bookkeeping_bytes(HPA(6ull << 30)), 1, 256 * 1024 - 1);
    assert_int_equal(frames_bookkeeping_bytes(HPA(PAGE_SIZE)), frames_bookkeeping_bytes(HPA(LARGE_PAGE_SIZE)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_walk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_everything_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_frees_panic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_adds_panic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_ranges_are_left_out, set_up, tear_down),
        cmocka_unit_test(test_bookkeeping_is_small),
    };
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
