/*
 * fake_mmu.c - a processor with an obstinate TLB, over the memory of fake_memory.c. The walker follows the SDM, vol. 3
 * "4-Level Paging" and "Access Rights", and shares nothing with the code under test.
 */
#include "fake_mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "pagetable/guest_table.h"
#include "pagetable/gwalk.h"
#include "pagetable/hvmap.h"
#include "pagetable/tlb_flush.h"

#define ENTRY_P 1u
#define ENTRY_W 2u
#define ENTRY_U 4u
#define ENTRY_PS 0x80u
#define ENTRY_FRAME 0x000FFFFFFFFFF000ull
#define TLB_PAGES 0x100000u     /* one slot for each linear page below 4 GiB */

uint64_t machine_root_loads;
uint32_t machine_segment_base, machine_unmake_steps = UINT32_MAX;

static uint64_t loaded_root;
/* [0]: ring 0 and 1, [1]: ring 3. An entry is frame | W, valid when its generation is the current one. */
static struct { uint64_t generation, entry; } tlb[2][TLB_PAGES];
/* Paging-structure cache: for 2 MiB, the page table and the rights of all levels above it. */
static struct { uint64_t generation, table; uint32_t rights; } pde_cache[TLB_PAGES / 512];
static uint64_t tlb_generation, pde_generation;
static struct { uint32_t page; bool is_user; } cached[4096];    /* what has entered the TLB since the last CR3 load */
static uint32_t cached_count;

int machine_start(void **state)
{
    (void)state;
    memory_start();
    machine_segment_base = 16u << 20;
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
    memory_stop();
    return 0;
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
