/*
 * test_pebbles_stack.c - how the first stack of a Pebbles program grows: to the page that is touched, without holes,
 * down to its limit, to pages of new_pages, or until memory runs out; and what fork makes of it.
 *
 * Frame numbers stand for memory at that address, as in test_pebbles_vm.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "fake_frames.h"
#include "pebbles/kernel/frames.h"
#include "pebbles/kernel/stack.h"
#include "pebbles/kernel/vm.h"
#include "pebbles/kernel/vm_internal.h"

#define FRAMES FRAMES_MOST      /* for a whole stack, and its twin */
#define LOW (PEBBLES_USER_END - PEBBLES_STACK_BYTES)
#define LIMIT (PEBBLES_USER_END - PEBBLES_STACK_MAX_BYTES)
#define FIRST_PAGES (PEBBLES_STACK_BYTES / PAGE_BYTES)
#define MAX_PAGES (PEBBLES_STACK_MAX_BYTES / PAGE_BYTES)

static uint32_t directory;

/* In place of vm_boot.c. */
void vm_reload(void)
{
}

uint32_t vm_active(void)
{
    return FRAME_NONE;
}

/* A space with a stack as exec makes it. */
static int setup(void **state)
{
    (void)state;
    if (fake_frames_begin(FRAMES) != 0)
        return -1;
    directory = vm_create();
    for (uint32_t page = LOW; page < PEBBLES_USER_END; page += PAGE_BYTES)
        assert_true(vm_map_zero(directory, page, PTE_MAY_WRITE));
    return 0;
}

/* Whatever happened, nothing is left of it. */
static int teardown(void **state)
{
    (void)state;
    vm_destroy(directory);
    int result = frames_free() == free_at_start && frames_promised() == 0 ? 0 : -1;
    munmap((void *)(uintptr_t)(FIRST_FRAME * PAGE_BYTES), (FRAMES - FIRST_FRAME) * PAGE_BYTES);
    return result;
}

/* Exactly these many pages are there, the lowest of them at the bottom; each is promised its frame. */
static void stack_expect(uint32_t space, uint32_t pages)
{
    for (uint32_t i = 1; i <= MAX_PAGES; i++) {
        uint32_t entry = *vm_entry(space, PEBBLES_USER_END - i * PAGE_BYTES);
        assert_int_equal(entry, i > pages ? 0 : vm_zero_frame * PAGE_BYTES | PTE_PRESENT | PTE_USER | PTE_MAY_WRITE);
    }
}

static void growth_expect(uint32_t address, enum stack_growth growth)
{
    uint32_t promised = frames_promised();

    assert_int_equal(stack_examine(directory, address), growth);
    assert_int_equal(frames_promised(), promised);
    assert_int_equal(stack_grow(directory, address), growth);
    assert_true(growth == STACK_GROWS || frames_promised() == promised);
}

static void test_a_page(void **state)
{
    (void)state;
    growth_expect(LOW - 1, STACK_GROWS);
    stack_expect(directory, FIRST_PAGES + 1);
    assert_int_equal(frames_promised(), FIRST_PAGES + 1);
    growth_expect(LOW - 1, STACK_ELSEWHERE);        /* it is there: what faults there is something else */
}

static void test_big_frame_leaves_no_hole(void **state)
{
    (void)state;
    growth_expect(PEBBLES_USER_END - (1u << 20), STACK_GROWS);
    stack_expect(directory, 256);
    assert_int_equal(frames_promised(), 256);
}

static void test_limit(void **state)
{
    (void)state;
    growth_expect(LIMIT - 1, STACK_AT_LIMIT);
    growth_expect(LIMIT, STACK_GROWS);
    stack_expect(directory, MAX_PAGES);
    growth_expect(LIMIT - 1, STACK_AT_LIMIT);
    growth_expect(LIMIT - PEBBLES_STACK_MAX_BYTES, STACK_AT_LIMIT);
    growth_expect(LIMIT - PEBBLES_STACK_MAX_BYTES - 1, STACK_ELSEWHERE);
    growth_expect(PEBBLES_USER_START, STACK_ELSEWHERE);
    growth_expect(0, STACK_ELSEWHERE);
    growth_expect(PEBBLES_USER_END, STACK_ELSEWHERE);
    growth_expect(0xFFFFFFFF, STACK_ELSEWHERE);
}

static void test_pages_in_the_way(void **state)
{
    (void)state;
    uint32_t region = LOW - 3 * PAGE_BYTES;

    assert_true(vm_map_zero(directory, region, PTE_MAY_WRITE | PTE_REGION_FIRST));
    assert_true(vm_map_zero(directory, region + PAGE_BYTES, PTE_MAY_WRITE | PTE_REGION_LAST));
    growth_expect(region - 1, STACK_OBSTRUCTED);
    growth_expect(LIMIT, STACK_OBSTRUCTED);
    growth_expect(region, STACK_ELSEWHERE);
    growth_expect(LOW - 1, STACK_GROWS);            /* between them there is room */
    growth_expect(region - 1, STACK_OBSTRUCTED);
    vm_unmap(vm_entry(directory, region));
    vm_unmap(vm_entry(directory, region + PAGE_BYTES));
    growth_expect(region - 1, STACK_GROWS);
    stack_expect(directory, FIRST_PAGES + 4);
}

static void test_no_memory(void **state)
{
    (void)state;
    uint32_t spare = frames_available() - 10;

    assert_true(frames_promise(spare));
    growth_expect(LOW - 10 * PAGE_BYTES - 1, STACK_NO_MEMORY);
    stack_expect(directory, FIRST_PAGES);
    growth_expect(LOW - 10 * PAGE_BYTES, STACK_GROWS);
    stack_expect(directory, FIRST_PAGES + 10);
    growth_expect(LOW - 10 * PAGE_BYTES - 1, STACK_NO_MEMORY);
    frames_unpromise(spare);
}

static void test_fork(void **state)
{
    (void)state;
    growth_expect(LOW - 5 * PAGE_BYTES, STACK_GROWS);
    uint32_t twin = vm_fork(directory);
    assert_true(twin != FRAME_NONE);
    assert_int_equal(stack_grow(twin, LOW - 8 * PAGE_BYTES), STACK_GROWS);
    stack_expect(twin, FIRST_PAGES + 8);
    stack_expect(directory, FIRST_PAGES + 5);
    vm_destroy(twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_big_frame_leaves_no_hole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages_in_the_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fork, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
