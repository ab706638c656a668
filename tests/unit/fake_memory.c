/*
 * fake_memory.c - the host's RAM in one mapping, the real frame allocator over it, and vmap's addresses. Each of them
 * fails to order. What is free is poisoned.
 */
#include "fake_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <sanitizer/asan_interface.h>

#include "pagetable/vmap.h"

/* The real allocator under other names; the names are then the machine's, which has a hint of its own. */
#define frames_alloc real_frames_alloc
#define frames_alloc_large real_frames_alloc_large
#define frames_free real_frames_free
#define frames_count_free real_frames_count_free
#define frames_hint real_frames_hint
#include "../../hv/base/frames.c"
#undef frames_alloc
#undef frames_alloc_large
#undef frames_free
#undef frames_count_free
#undef frames_hint

#define FREED_BYTE 0xA5
#define RESERVED_PAGES 16u      /* records of 16 MiB of RAM */
#define RESERVED_MAX 8u

static void *bookkeeping;
static hpa_t hogged[MACHINE_FRAMES];
static uint32_t hogged_count;
static uint64_t fail_first, fail_count;
uint64_t machine_allocations;
unsigned machine_vmaps;
bool machine_growth_fails;

/* A frame set aside for the next frames_alloc_quick. */
struct frames_at_hand frames_hint;
static uint64_t hint_word;
static uint16_t hint_count;

void memory_start(void)
{
    void *ram = mmap((void *)BOOT_DIRECT_MAP_BASE, MACHINE_FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_equal(ram, (void *)BOOT_DIRECT_MAP_BASE);
    hpa_t top = HPA((uint64_t)MACHINE_FRAMES * PAGE_SIZE);
    bookkeeping = calloc(1, frames_bookkeeping_bytes(top));
    frames_init(bookkeeping, top);
    frames_add(HPA(0), top.v);
    ASAN_POISON_MEMORY_REGION(ram, MACHINE_FRAMES * PAGE_SIZE);
    hogged_count = 0;
    frames_hint.word = NULL;
    machine_vmaps = 0;
    machine_growth_fails = false;
    machine_fail(MACHINE_NEVER, 0);
    machine_allocations = 0;
}

void memory_stop(void)
{
    ASAN_UNPOISON_MEMORY_REGION((void *)BOOT_DIRECT_MAP_BASE, MACHINE_FRAMES * PAGE_SIZE);
    munmap((void *)BOOT_DIRECT_MAP_BASE, MACHINE_FRAMES * PAGE_SIZE);
    free(bookkeeping);
}

void machine_fail(uint64_t first_failing, uint64_t count)
{
    fail_first = first_failing;
    fail_count = count;
}

static bool is_refused(void)
{
    uint64_t number = machine_allocations++;
    return number >= fail_first && number - fail_first < fail_count;
}

static void drop_hint(void)
{
    if (frames_hint.word && hint_count == 2)
        real_frames_free(HPA(((uint64_t)(&hint_word - frames_hint.bits) * 64 + (uint64_t)__builtin_ctzll(hint_word))
                             << PAGE_SHIFT));
    frames_hint.word = NULL;
}

static void make_hint(void)
{
    hpa_t frame = alloc_searched();

    if (!frame.v)
        return;
    ASAN_UNPOISON_MEMORY_REGION(hpa_to_ptr(frame), PAGE_SIZE);
    uint64_t number = frame.v >> PAGE_SHIFT;
    hint_word = 1ull << number % 64;
    hint_count = 2;             /* one, and one that is never taken */
    frames_hint.word = &hint_word;
    frames_hint.free_count = &hint_count;
    frames_hint.bits = &hint_word - number / 64;
}

void machine_hint(void)
{
    drop_hint();
    make_hint();
}

uint64_t frames_count_free(void)
{
    return real_frames_count_free() + (frames_hint.word && hint_count == 2);
}

hpa_t frames_alloc(void)
{
    drop_hint();
    bool refused = is_refused();
    hpa_t frame = refused ? HPA_NONE : alloc_searched();
    if (!frame.v && !refused && frames_ask_back())
        frame = alloc_searched();
    if (frame.v)
        ASAN_UNPOISON_MEMORY_REGION(hpa_to_ptr(frame), PAGE_SIZE);
    return frame;
}

hpa_t frames_alloc_large(void)
{
    drop_hint();
    hpa_t memory = is_refused() ? HPA_NONE : real_frames_alloc_large();
    if (memory.v)
        ASAN_UNPOISON_MEMORY_REGION(hpa_to_ptr(memory), LARGE_PAGE_SIZE);
    return memory;
}

void frames_free(hpa_t frame)
{
    real_frames_free(frame);
    memset(hpa_to_ptr(frame), FREED_BYTE, PAGE_SIZE);
    ASAN_POISON_MEMORY_REGION(hpa_to_ptr(frame), PAGE_SIZE);
}

void machine_leave_free(uint64_t count)
{
    drop_hint();
    while (frames_count_free() > count)
        hogged[hogged_count++] = alloc_searched();
    while (frames_count_free() < count && hogged_count)
        real_frames_free(hogged[--hogged_count]);
}

void *vmap_alloc(size_t bytes)
{
    void *memory = is_refused() ? NULL : calloc(1, bytes);
    machine_vmaps += memory != NULL;
    return memory;
}

/* What is not there yet is poisoned, and zero already. */
void *vmap_alloc_growing(size_t bytes, size_t most)
{
    size_t own = (bytes + PAGE_MASK) / PAGE_SIZE * PAGE_SIZE, all = (most + PAGE_MASK) / PAGE_SIZE * PAGE_SIZE;
    uint8_t *memory = is_refused() ? NULL : aligned_alloc(PAGE_SIZE, all);

    if (!memory)
        return NULL;
    memset(memory, 0, all);
    ASAN_POISON_MEMORY_REGION(memory + own, all - own);
    machine_vmaps++;
    return memory;
}

bool vmap_grow(void *memory, size_t bytes)
{
    assert_int_equal((uintptr_t)memory % PAGE_SIZE, 0);
    if (is_refused() || machine_growth_fails)
        return false;
    ASAN_UNPOISON_MEMORY_REGION(memory, (bytes + PAGE_MASK) / PAGE_SIZE * PAGE_SIZE);
    return true;
}

/* Reserved addresses: pages that are read-only until they have a frame, whose place they take here. */
static struct reserved {
    uint8_t *memory;        /* NULL: free. An unmapped page follows */
    size_t pages;
    hpa_t frames[RESERVED_PAGES];
} reserved[RESERVED_MAX];

static struct reserved *find_reserved(const void *memory)
{
    for (struct reserved *each = reserved; each < reserved + RESERVED_MAX; each++)
        if ((memory == NULL && !each->memory) ||
            (each->memory && (const uint8_t *)memory >= each->memory &&
             (const uint8_t *)memory < each->memory + each->pages * PAGE_SIZE))
            return each;
    return NULL;
}

static void show(uint8_t *page, hpa_t shown)
{
    mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE);
    memcpy(page, hpa_to_ptr(shown), PAGE_SIZE);
    mprotect(page, PAGE_SIZE, PROT_READ);
}

void *vmap_reserve(size_t bytes, hpa_t shown)
{
    struct reserved *new = find_reserved(NULL);

    if (is_refused())
        return NULL;
    assert_non_null(new);
    *new = (struct reserved){ .pages = (bytes + PAGE_MASK) / PAGE_SIZE };
    assert_true(new->pages <= RESERVED_PAGES);
    new->memory = mmap(NULL, (new->pages + 1) * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(new->memory, MAP_FAILED);
    for (size_t i = 0; i < new->pages; i++)
        show(new->memory + i * PAGE_SIZE, shown);
    machine_vmaps++;
    return new->memory;
}

static hpa_t *frame_of(void *page)
{
    struct reserved *each = find_reserved(page);

    assert_non_null(each);
    return &each->frames[((uint8_t *)page - each->memory) / (ptrdiff_t)PAGE_SIZE];
}

void vmap_back(void *page, hpa_t frame)
{
    assert_int_equal(frame_of(page)->v, 0);
    *frame_of(page) = frame;
    mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE);
    memcpy(page, hpa_to_ptr(frame), PAGE_SIZE);
}

void vmap_unback(void *page, hpa_t shown)
{
    assert_int_not_equal(frame_of(page)->v, 0);
    frames_free(*frame_of(page));
    *frame_of(page) = HPA_NONE;
    show(page, shown);
}

void vmap_free(void *memory)
{
    struct reserved *each = memory ? find_reserved(memory) : NULL;

    machine_vmaps -= memory != NULL;
    if (!each) {
        free(memory);
        return;
    }
    for (size_t i = 0; i < each->pages; i++)
        if (each->frames[i].v)
            frames_free(each->frames[i]);
    munmap(each->memory, (each->pages + 1) * PAGE_SIZE);
    each->memory = NULL;
}
