/*
 * fake_mmu.c - host RAM, allocator with faults to order, and a processor with an obstinate TLB. The walker follows the
 * SDM, vol. 3 "4-Level Paging" and "Access Rights", and shares nothing with the code under test.
 */
#include "fake_mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <sanitizer/asan_interface.h>

#include "pagetable/guest_table.h"
#include "pagetable/gwalk.h"
#include "pagetable/hvmap.h"
#include "pagetable/tlb_flush.h"
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

#define ENTRY_P 1u
#define ENTRY_W 2u
#define ENTRY_U 4u
#define ENTRY_PS 0x80u
#define ENTRY_FRAME 0x000FFFFFFFFFF000ull
#define TLB_PAGES 0x100000u     /* one slot for each linear page below 4 GiB */
#define FREED_BYTE 0xA5
#define RESERVED_PAGES 16u      /* records of 16 MiB of RAM */
#define RESERVED_MAX 8u

static void *bookkeeping;
static hpa_t hogged[MACHINE_FRAMES];
static uint32_t hogged_count;
static uint64_t fail_first, fail_count;
uint64_t machine_allocations, machine_root_loads;
unsigned machine_vmaps;
uint32_t machine_segment_base, machine_unmake_steps = UINT32_MAX;

static uint64_t loaded_root;
/* [0]: ring 0 and 1, [1]: ring 3. An entry is frame | W, valid when its generation is the current one. */
static struct { uint64_t generation, entry; } tlb[2][TLB_PAGES];
/* Paging-structure cache: for 2 MiB, the page table and the rights of all levels above it. */
static struct { uint64_t generation, table; uint32_t rights; } pde_cache[TLB_PAGES / 512];
static uint64_t tlb_generation, pde_generation;
static struct { uint32_t page; bool is_user; } cached[4096];    /* what has entered the TLB since the last CR3 load */
static uint32_t cached_count;

/* A frame set aside for the next frames_alloc_quick. */
struct frames_at_hand frames_hint;
static uint64_t hint_word;
static uint16_t hint_count;

int machine_start(void **state)
{
    (void)state;
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
    machine_segment_base = 16u << 20;
    machine_fail(MACHINE_NEVER, 0);
    ram_init();
    machine_allocations = 0;
    loaded_root = 0;
    tlb_generation++;
    pde_generation++;
    cached_count = 0;
    return 0;
}

int machine_stop(void **state)
{
    (void)state;
    ASAN_UNPOISON_MEMORY_REGION((void *)BOOT_DIRECT_MAP_BASE, MACHINE_FRAMES * PAGE_SIZE);
    munmap((void *)BOOT_DIRECT_MAP_BASE, MACHINE_FRAMES * PAGE_SIZE);
    free(bookkeeping);
    return 0;
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

bool machine_growth_fails;

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

void hvmap_share_upper(uint64_t *root)
{
    for (uint64_t i = 256; i < 512; i++)
        root[i] = 0xC0BB1E0000000000ull | i << 12 | ENTRY_P;
}

void tlb_load_root(hpa_t root)
{
    loaded_root = root.v;
    tlb_generation++;
    pde_generation++;
    cached_count = 0;
    machine_root_loads++;
}

/* For guest_table.c, whose instructions no sanitizer sees. */
void guest_table_copy(void *to, const void *from)
{
    memcpy(to, from, PAGE_SIZE);
}

bool guest_table_is_equal(const void *bytes, const void *other, uint32_t words)
{
    return memcmp(bytes, other, (size_t)words * 8) == 0;
}

uint32_t guest_table_find_difference(const void *table, const void *other, uint32_t first)
{
    while (first < GUEST_TABLE_WORDS && ((const uint64_t *)table)[first] == ((const uint64_t *)other)[first])
        first++;
    return first;
}

void tlb_flush_page(uint64_t linear)
{
    uint64_t page = linear >> 12;

    for (unsigned ring = 0; ring < 2; ring++)
        tlb[ring][page].generation = 0;
    pde_generation++;   /* INVLPG drops all paging-structure caches: SDM vol. 3 "Operations that Invalidate TLBs" */
}

bool tlb_flush_page_true(uint64_t linear)
{
    tlb_flush_page(linear);
    return true;
}

static uint64_t read_entry(uint64_t table, uint64_t index)
{
    return ((const uint64_t *)hpa_to_ptr(HPA(table & ENTRY_FRAME)))[index & 511];
}

/* The page table for a linear address and what the levels above allow; 0: there is none. */
static uint64_t walk_upper(uint64_t linear, uint32_t *rights)
{
    uint64_t entry = loaded_root;

    *rights = ENTRY_W | ENTRY_U;
    for (unsigned level = 4; level > 1; level--) {
        entry = read_entry(entry, linear >> (3 + 9 * level));
        if (!(entry & ENTRY_P))
            return 0;
        assert_true(level == 4 || !(entry & ENTRY_PS));     /* no large page below 4 GiB, ever */
        *rights &= (uint32_t)entry;
    }
    return entry & ENTRY_FRAME;
}

/* The leaf for a linear address, with U and W of all levels; 0: not present. May use the paging-structure cache. */
static uint64_t walk(uint64_t linear, bool use_cache)
{
    uint32_t rights;
    uint64_t table;

    if (use_cache && pde_cache[linear >> 21].generation == pde_generation) {
        table = pde_cache[linear >> 21].table;
        rights = pde_cache[linear >> 21].rights;
    } else {
        table = walk_upper(linear, &rights);
    }
    if (!table)
        return 0;
    if (use_cache) {
        pde_cache[linear >> 21].generation = pde_generation;
        pde_cache[linear >> 21].table = table;
        pde_cache[linear >> 21].rights = rights;
    }
    uint64_t leaf = read_entry(table, linear >> 12);
    return leaf & ENTRY_P ? (leaf & ENTRY_FRAME) | ENTRY_P | ((uint32_t)leaf & rights) : 0;
}

/* Supervisor (rings 0 and 1) with CR0.WP = 1, or user. */
static bool is_allowed(uint64_t leaf, bool is_user, bool is_write)
{
    return leaf & ENTRY_P && (!is_user || leaf & ENTRY_U) && (!is_write || leaf & ENTRY_W);
}

struct mmu_result mmu_walk(gva_t address, bool is_user, bool is_write)
{
    uint64_t leaf = walk((uint64_t)machine_segment_base + address.v, false);
    return (struct mmu_result){
        .is_allowed = is_allowed(leaf, is_user, is_write), .address = HPA((leaf & ENTRY_FRAME) | (address.v & 0xFFF)),
    };
}

static uint64_t *tlb_slot(gva_t address, bool is_user)
{
    uint32_t page = (uint32_t)(((uint64_t)machine_segment_base + address.v) >> 12);
    if (tlb[is_user][page].generation == tlb_generation)
        return &tlb[is_user][page].entry;
    uint64_t leaf = walk((uint64_t)machine_segment_base + address.v, true);
    if (!is_allowed(leaf, is_user, false))
        return NULL;
    tlb[is_user][page].generation = tlb_generation;
    tlb[is_user][page].entry = leaf;
    if (cached_count < sizeof(cached) / sizeof(cached[0])) {
        cached[cached_count].page = page;
        cached[cached_count++].is_user = is_user;
    }
    return &tlb[is_user][page].entry;
}

struct mmu_result mmu_access(gva_t address, bool is_user, bool is_write)
{
    const uint64_t *entry = tlb_slot(address, is_user);
    return (struct mmu_result){
        .is_allowed = entry && is_allowed(*entry, is_user, is_write),
        .address = HPA(entry ? (*entry & ENTRY_FRAME) | (address.v & 0xFFF) : 0),
    };
}

void mmu_prefetch(gva_t address, bool is_user)
{
    tlb_slot(address, is_user);
}

bool mmu_next_writable(uint32_t *cursor, uint64_t *host_frame, gva_t *address)
{
    while (*cursor < cached_count) {
        uint32_t page = cached[*cursor].page;
        bool is_user = cached[(*cursor)++].is_user;
        if (tlb[is_user][page].generation != tlb_generation || !(tlb[is_user][page].entry & ENTRY_W))
            continue;
        *host_frame = (tlb[is_user][page].entry & ENTRY_FRAME) >> 12;
        *address = GVA(((uint64_t)page << 12) - machine_segment_base);
        return true;
    }
    return false;
}

bool machine_make(struct gspace *space, struct ram *ram, struct guest_paging *paging, uint32_t frame_count)
{
    if (ram_create(ram, frame_count * PAGE_SIZE) != STATUS_OK)
        return false;
    if (gspace_create(space, ram, paging, machine_segment_base) == STATUS_OK)
        return true;
    machine_unmake_ram(ram);
    return false;
}

void machine_unmake_ram(struct ram *ram)
{
    for (uint32_t steps = machine_unmake_steps; !ram_destroy(ram, &steps); steps = machine_unmake_steps)
        assert_int_equal(steps, 0);
}

void machine_unmake(struct gspace *space)
{
    if (loaded_root == space->root.v)
        tlb_load_root(HPA_NONE);
    for (uint32_t steps = machine_unmake_steps; !gspace_destroy(space, &steps); steps = machine_unmake_steps)
        assert_int_equal(steps, 0);
    machine_unmake_ram(space->ram);
}

void machine_put(struct gspace *space, uint32_t frame, uint32_t word, uint32_t value)
{
    assert_true(ram_store(space->ram, GPA(frame << PAGE_SHIFT | word << 2), &value, sizeof(value)));
}

struct access_result machine_access(struct gspace *space, gva_t address, bool is_user, bool is_write)
{
    struct access_result result = { .end = ACCESS_STUCK };
    uint32_t access = (is_user ? ACCESS_USER : 0) | (is_write ? ACCESS_WRITE : 0);

    for (;;) {
        struct mmu_result mmu = mmu_access(address, is_user, is_write);
        if (mmu.is_allowed) {
            result.end = ACCESS_DONE;
            result.address = mmu.address;
            return result;
        }
        enum gfault fault = gspace_fault(space, address, access);
        switch (fault) {
        case GFAULT_FILLED:
            if (result.hidden_faults++ == MACHINE_RETRIES)
                return result;
            break;
        case GFAULT_BAD_ENTRY:
            result.end = ACCESS_BAD_ENTRY;
            return result;
        case GFAULT_NO_MEMORY:
            result.end = ACCESS_NO_MEMORY;
            return result;
        default:
            result.end = ACCESS_REFLECTED;
            result.error = fault;
            return result;
        }
    }
}
