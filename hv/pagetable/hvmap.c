/*
 * hvmap.c - build the hypervisor's own address space and hand its upper half to every root.
 *
 * All roots share the tables below PML4[256] to PML4[511], so what is mapped there later (devices, vmap.c's pages) is
 * at once in every guest's address space, too, and a trap needs no CR3 write to find it. That is why the PML4 entries
 * themselves must all be there before the first guest's root is copied from this one.
 */
#include "pagetable/hvmap.h"

#include <stddef.h>

#include "base/check.h"
#include "base/string.h"
#include "cpu/insn.h"
#include "cpu/x86.h"
#include "pagetable/host_table.h"

#define LOW_4GIB 0x100000000ull

extern const char hv_image_start[], hv_text_end[], hv_rodata_end[], hv_image_end[];

static uint64_t *root;
static uint64_t no_execute;             /* PTE_NX, or 0 where the processor lacks it */
static uint64_t next_device = HVMAP_DEVICES_BASE;
static uint64_t physical_top = LOW_4GIB;
static uint64_t image_base;             /* physical */

static void map_or_panic(uint64_t linear, uint64_t physical, uint64_t bytes, uint64_t flags)
{
    if (!table_map(root, linear, physical, bytes, flags, 0))
        panic("no memory for the hypervisor's own page tables");
}

static void map_image(const struct boot_info *info, const void *stack_guard)
{
    uint64_t start = (uint64_t)(uintptr_t)hv_image_start;
    uint64_t text_end = (uint64_t)(uintptr_t)hv_text_end;
    uint64_t rodata_end = (uint64_t)(uintptr_t)hv_rodata_end;
    uint64_t end = (uint64_t)(uintptr_t)hv_image_end;
    uint64_t guard = (uint64_t)(uintptr_t)stack_guard;
    uint64_t offset = info->hv_image - start;

    /* Each section with the rights that it needs and no more: nothing is both writable and executable. */
    map_or_panic(start, start + offset, text_end - start, PTE_P);
    map_or_panic(text_end, text_end + offset, rodata_end - text_end, PTE_P | no_execute);
    /* The page below the stack stays out, so that an overflow is a double fault and not silence. */
    map_or_panic(rodata_end, rodata_end + offset, guard - rodata_end, PTE_P | PTE_W | no_execute);
    guard += PAGE_SIZE;
    map_or_panic(guard, guard + offset, end - guard, PTE_P | PTE_W | no_execute);
}

static void map_memory(const struct boot_info *info)
{
    const struct boot_range *ranges = hpa_to_ptr(HPA(info->ranges));
    for (uint64_t i = 0; i < info->range_count; i++) {
        uint64_t flags = PTE_P | no_execute | (ranges[i].kind == BOOT_RANGE_ACPI ? 0 : PTE_W);
        map_or_panic(BOOT_DIRECT_MAP_BASE + ranges[i].base, ranges[i].base, ranges[i].length, flags);
        if (ranges[i].base + ranges[i].length > physical_top)
            physical_top = ranges[i].base + ranges[i].length;
    }
}

void hvmap_init(const struct boot_info *info, const void *stack_guard)
{
    uint32_t out[4];
    insn_cpuid(0x80000001, 0, out);
    no_execute = out[3] & CPUID_80000001_EDX_NX ? PTE_NX : 0;

    hpa_t frame = table_alloc();
    CHECK(frame.v);
    root = hpa_to_ptr(frame);
    image_base = info->hv_image;
    map_image(info, stack_guard);
    map_memory(info);
    /* These exist before the first guest root is made, so that every root shares all that is ever mapped below them. */
    CHECK(table_descend(&root[table_index(HVMAP_VMAP_BASE, 4)], 0));
    CHECK(table_descend(&root[table_index(HVMAP_DEVICES_BASE, 4)], 0));
    hvmap_load();
}

uint64_t hvmap_no_execute(void)
{
    return no_execute;
}

void *hvmap_writable(const void *image_address)
{
    return hpa_to_ptr(HPA(image_base + (uint64_t)((const char *)image_address - hv_image_start)));
}

void hvmap_load(void)
{
    insn_write_cr3(ptr_to_hpa(root).v);
}

void hvmap_share_upper(uint64_t *other)
{
    memcpy(other + TABLE_ENTRIES / 2, root + TABLE_ENTRIES / 2, PAGE_SIZE / 2);
}

void *hvmap_device(uint64_t physical, uint64_t bytes, enum hvmap_type type)
{
    /* PA3 (PCD + PWT) is uncached, PA4 (PAT) write-combining: see PAT_VALUE in cpu.c. */
    uint64_t cache = type == HVMAP_WRITE_COMBINING ? PTE_PAT_4K : PTE_PCD | PTE_PWT;
    uint64_t offset = physical & (LARGE_PAGE_SIZE - 1);
    uint64_t linear = next_device + offset;
    uint64_t first = linear & ~(uint64_t)PAGE_MASK;
    uint64_t end = (linear + bytes + PAGE_MASK) & ~(uint64_t)PAGE_MASK;

    if (!table_map(root, first, physical & ~(uint64_t)PAGE_MASK, end - first, PTE_P | PTE_W | no_execute | cache, 0))
        return NULL;
    next_device = (end + LARGE_PAGE_SIZE - 1) & ~(uint64_t)(LARGE_PAGE_SIZE - 1);
    return (void *)(uintptr_t)linear;
}

hpa_t hvmap_identity_root(void)
{
    hpa_t frame = table_alloc();
    if (!frame.v)
        return HPA_NONE;
    uint64_t top = (physical_top + LARGE_PAGE_SIZE - 1) & ~(uint64_t)(LARGE_PAGE_SIZE - 1);
    hvmap_share_upper(hpa_to_ptr(frame));
    return table_map(hpa_to_ptr(frame), 0, 0, top, PTE_P | PTE_W, 0) ? frame : HPA_NONE;
}
