/*
 * test_pebbles_vm.c - zero on demand and copy on write in Pebbles: a random walk of forks, writes, new and removed
 * pages and dying address spaces, against a model in which every space simply owns its pages.
 *
 * Frame numbers stand for memory at that address, on the host too. After each step the entries must tell what the model
 * tells; no frame that anybody else sees may be writable; and the promises must be exactly those that the worst case
 * needs: for each frame, its owners but one; for the zero frame, all. A write that is legal must never fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_frames.h"
#include "pebbles/kernel/frames.h"
#include "pebbles/kernel/vm.h"
#include "pebbles/kernel/vm_internal.h"
#include "random.h"

#define FRAMES 366u             /* a few spaces fill them */
#define SPACES 6u
#define PAGES 48u               /* of a space; eight in a table's range */
#define WALK_STEPS 200000u

struct page {
    uint32_t value;             /* all words of the page */
    bool mapped, may_write;
};

struct space {
    uint32_t directory;         /* FRAME_NONE: there is none */
    struct page pages[PAGES];
};

static struct space spaces[SPACES];
static uint32_t reloads, failed_forks;
static uint32_t active = FRAME_NONE;

/* In place of vm_boot.c. */
void vm_reload(void)
{
    reloads++;
}

uint32_t vm_active(void)
{
    return active;
}

static uint32_t page_address(uint32_t page)
{
    return PEBBLES_USER_START + page / 8 * VM_TABLE_BYTES * 3 + (page % 8) * 127 * PAGE_BYTES;
}

static void page_expect(uint32_t directory, uint32_t address, const struct page *page)
{
    const uint32_t *entry = vm_entry(directory, address);

    if (!page->mapped) {
        assert_true(entry == NULL || *entry == 0);
        return;
    }
    assert_non_null(entry);
    assert_int_equal(*entry & (PTE_PRESENT | PTE_USER), PTE_PRESENT | PTE_USER);
    assert_int_equal((*entry & PTE_MAY_WRITE) != 0, page->may_write);
    const uint32_t *words = frame_pointer(*entry / PAGE_BYTES);
    assert_int_equal(words[0], page->value);
    assert_int_equal(words[1023], page->value);
}

/* All entries that show a frame. */
static void sharing_expect(void)
{
    uint32_t owners[FRAMES] = { 0 }, writable[FRAMES] = { 0 }, hopeful[FRAMES] = { 0 }, promises = 0;

    for (uint32_t i = 0; i < SPACES * PAGES; i++) {
        const struct space *space = &spaces[i / PAGES];
        if (space->directory == FRAME_NONE || !space->pages[i % PAGES].mapped)
            continue;
        uint32_t entry = *vm_entry(space->directory, page_address(i % PAGES)), frame = entry / PAGE_BYTES;
        owners[frame]++;
        writable[frame] += (entry & PTE_WRITE) != 0;
        hopeful[frame] += (entry & PTE_MAY_WRITE) != 0;
    }
    for (uint32_t frame = FIRST_FRAME; frame < FRAMES; frame++) {
        if (frame == vm_zero_frame) {
            assert_int_equal(writable[frame], 0);
            promises += hopeful[frame];
        } else if (owners[frame] > 0) {
            assert_int_equal(frames_references(frame), owners[frame]);
            assert_true(writable[frame] == 0 || owners[frame] == 1);
            assert_true(hopeful[frame] == 0 || hopeful[frame] == owners[frame]);
            promises += hopeful[frame] > 0 ? owners[frame] - 1 : 0;
        }
    }
    assert_int_equal(frames_promised(), promises);
    assert_true(frames_free() >= promises);
}

static void step_map(struct space *space, uint32_t index)
{
    struct page *page = &space->pages[index];
    bool may_write = random_below(8) > 0;

    if (!page->mapped && vm_map_zero(space->directory, page_address(index), may_write ? PTE_MAY_WRITE : 0))
        *page = (struct page){ .mapped = true, .may_write = may_write };
}

static void step_unmap(struct space *space, uint32_t index)
{
    if (!space->pages[index].mapped)
        return;
    vm_unmap(vm_entry(space->directory, page_address(index)));
    space->pages[index] = (struct page){ 0 };
}

/* As a page fault does it, or as the kernel does for exec. */
static void step_write(struct space *space, uint32_t index)
{
    struct page *page = &space->pages[index];
    uint32_t value = random_below(0x7FFFFFFF) + 1, words[1024];

    for (uint32_t i = 0; i < 1024; i++)
        words[i] = value;
    uint32_t *entry = vm_entry(space->directory, page_address(index));
    bool legal = page->mapped && page->may_write;
    if (random_below(2) == 0 || entry == NULL) {
        if (entry != NULL)
            assert_int_equal(vm_write(space->directory, page_address(index), words, sizeof(words)), legal);
    } else {
        bool had_it = (*entry & PTE_WRITE) != 0;
        assert_int_equal(vm_break(entry), legal && !had_it);
        if (legal)
            memcpy(frame_pointer(*entry / PAGE_BYTES), words, sizeof(words));
    }
    if (legal && entry != NULL)
        page->value = value;
}

static void step_fork(struct space *space)
{
    struct space *twin = &spaces[random_below(SPACES)];

    if (twin->directory != FRAME_NONE)
        return;
    active = space->directory;
    reloads = 0;
    uint32_t directory = vm_fork(space->directory);
    assert_true(reloads == 1 || directory == FRAME_NONE);
    failed_forks += directory == FRAME_NONE;
    *twin = *space;
    twin->directory = directory;
    active = FRAME_NONE;
}

static void step(void)
{
    struct space *space = &spaces[random_below(SPACES)];
    uint32_t index = random_below(PAGES);

    if (space->directory == FRAME_NONE) {
        if (random_below(20) == 0) {
            *space = (struct space){ .directory = vm_create() };
        }
        return;
    }
    switch (random_below(64)) {
    case 0:
        vm_destroy(space->directory);
        space->directory = FRAME_NONE;
        break;
    case 1:
    case 2:
    case 3:
        step_fork(space);
        break;
    case 4 ... 12:
        step_unmap(space, index);
        break;
    case 13 ... 40:
        step_map(space, index);
        break;
    default:
        step_write(space, index);
        break;
    }
}

static int setup(void **state)
{
    (void)state;
    return fake_frames_begin(FRAMES);
}

static void test_walk(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < WALK_STEPS; i++) {
        step();
        sharing_expect();
        for (uint32_t j = 0; j < SPACES; j++) {
            if (spaces[j].directory != FRAME_NONE)
                page_expect(spaces[j].directory, page_address(i % PAGES), &spaces[j].pages[i % PAGES]);
        }
    }
    assert_in_range(failed_forks, 100, WALK_STEPS);     /* memory did run out, in the middle of forks too */
    for (uint32_t j = 0; j < SPACES; j++) {
        if (spaces[j].directory != FRAME_NONE)
            vm_destroy(spaces[j].directory);
    }
    assert_int_equal(frames_free(), free_at_start);
    assert_int_equal(frames_promised(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup(test_walk, setup) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
