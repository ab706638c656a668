/*
 * test_owners.c - room for counts of owners is made in pieces of any length: each frame in use at the first of them has
 * its count behind the last, no piece makes more pages than it may, and what came into use meanwhile has its count the
 * next time. The machine has 8 GiB, of which frames are only numbers here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "pagetable/host_table.h"
#include "pagetable/owners.h"
#include "pagetable/vmap.h"
#include "random.h"

#define BLOCKS 4096u
#define FRAMES_EACH 512u
#define PAGE_BLOCKS 4u              /* whose counts a page holds */

static bool used[BLOCKS];
static uint32_t uses, pages_made, pages_left;
static void *array;

uint32_t frames_count_blocks(void)
{
    return BLOCKS;
}

uint32_t frames_count_first_uses(void)
{
    return uses;
}

bool frames_is_block_used(uint32_t block)
{
    return used[block];
}

hpa_t frames_alloc(void)
{
    return ptr_to_hpa(aligned_alloc(PAGE_SIZE, PAGE_SIZE));
}

void frames_free(hpa_t frame)
{
    free(hpa_to_ptr(frame));
}

hpa_t table_alloc(void)
{
    if (pages_left == 0)
        return HPA_NONE;
    pages_left--;
    pages_made++;
    return HPA(PAGE_SIZE);          /* zeroes, at no address of the test */
}

void *vmap_reserve(size_t bytes, hpa_t shown)
{
    assert_int_equal(bytes, BLOCKS * FRAMES_EACH * sizeof(uint16_t));
    array = aligned_alloc(PAGE_SIZE, bytes);
    for (size_t at = 0; at < bytes; at += PAGE_SIZE)
        memcpy((char *)array + at, hpa_to_ptr(shown), PAGE_SIZE);
    return array;
}

void vmap_back(void *page, hpa_t frame)
{
    assert_int_equal(frame.v, PAGE_SIZE);
    memset(page, 0, PAGE_SIZE);
}

void vmap_free(void *memory)
{
    free(memory);
}

static void use_block(uint32_t block)
{
    uses += !used[block];
    used[block] = true;
}

static int start(void **state)
{
    (void)state;
    random_state = 5;
    memset(used, 0, sizeof(used));
    uses = pages_made = 0;
    pages_left = UINT32_MAX;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    owners_end();
    return 0;
}

static bool has_count(uint32_t block)
{
    return owners_beyond[block * FRAMES_EACH] == 0 && owners_beyond[block * FRAMES_EACH + FRAMES_EACH - 1] == 0;
}

/* In pieces; new: a block that comes into use between the first two, or none. */
static void prepare(uint32_t most, uint32_t new)
{
    struct owners_progress progress = { 0 };
    enum owners_room room;

    do {
        uint32_t steps = random_u32() % (most + 1), may = steps, before = pages_made;
        room = owners_prepare(&progress, &steps);
        assert_in_range(pages_made - before, 0, may);
        assert_int_equal(may - steps, pages_made - before);
        assert_true(room == OWNERS_READY || (room == OWNERS_GO_ON && steps == 0));
        if (new < BLOCKS)
            use_block(new);
    } while (room != OWNERS_READY);
}

static void all_in_use_is_counted_in_pieces(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < BLOCKS; i++)
        if (i / PAGE_BLOCKS % 3 != 0)
            use_block(i);
    prepare(9, 0);
    for (uint32_t i = PAGE_BLOCKS; i < BLOCKS; i++)
        assert_int_equal(has_count(i), used[i]);
    assert_int_equal(pages_made, 682);              /* two of three of 1,024; block 0 came too late */
    prepare(9, BLOCKS);
    assert_true(has_count(0));
    assert_int_equal(pages_made, 683);
    uint32_t steps = 0;
    assert_int_equal(owners_prepare(&(struct owners_progress){ 0 }, &steps), OWNERS_READY);
}

/* Where nobody shared, it costs no more: others' frames need no count. */
static void one_frame_takes_one_page(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < BLOCKS; i++)
        use_block(i);
    assert_true(owners_prepare_frame(77 * FRAMES_EACH + 5));
    assert_int_equal(pages_made, 1);
    assert_true(has_count(77) && !has_count(80));
    owners_beyond[77 * FRAMES_EACH + 5]++;
    assert_true(owners_are_others(77 * FRAMES_EACH + 5));
    assert_true(owners_drop(77 * FRAMES_EACH + 5));
    assert_false(owners_are_others(77 * FRAMES_EACH + 5));
    assert_false(owners_are_others(80 * FRAMES_EACH));          /* the page of its count is read-only */
    assert_false(owners_drop(80 * FRAMES_EACH));
    assert_int_equal(owners_beyond[80 * FRAMES_EACH], OWNERS_NOT_READY);
    assert_true(owners_prepare_frame(76 * FRAMES_EACH));
    assert_int_equal(pages_made, 1);
    prepare(100, BLOCKS);                           /* and whoever copies all has all */
    assert_int_equal(pages_made, 1024);
}

static void memory_is_out(void **state)
{
    (void)state;
    uint32_t steps = 9;
    struct owners_progress progress = { 0 };

    use_block(3);
    use_block(7);
    pages_left = 1;
    assert_int_equal(owners_prepare(&progress, &steps), OWNERS_NO_MEMORY);
    assert_false(owners_prepare_frame(7 * FRAMES_EACH));
    pages_left = 1;
    assert_int_equal(owners_prepare(&(struct owners_progress){ 0 }, &steps), OWNERS_READY);
    assert_true(has_count(3) && has_count(7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_in_use_is_counted_in_pieces, start, stop),
        cmocka_unit_test_setup_teardown(one_frame_takes_one_page, start, stop),
        cmocka_unit_test_setup_teardown(memory_is_out, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
