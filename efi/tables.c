/*
 * tables.c - the first page tables: what hv needs to start and build its own.
 *
 * PML4[0..] maps physical memory one to one (the transition runs there), PML4[256..] shows the same as the direct map,
 * and PML4[511] holds hv.elf, page by page with the rights its segments ask for. Both views of physical memory share
 * the lower tables: no-execute in a PML4 entry counts for all below it. 2 MiB pages: any processor has them.
 */
#include "efi_app.h"

#define P 1ull
#define W 2ull
#define LARGE 0x80ull
#define NX (1ull << 63)
#define GIB 0x40000000ull
#define DIRECT_MAP_SLOTS 255            /* PML4[256..510] */

uint64_t tables_no_execute(void)
{
    uint32_t eax = 0x80000001, ebx, ecx, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    return edx >> 20 & 1;
}

/* All memory below top in 2 MiB pages. Returns the PDPTs, one page for each 512 GiB, or 0 when memory is out. */
static uint64_t map_all(uint64_t top)
{
    /*
     * Up to the top of RAM, holes and devices included: nobody runs here for long enough to mind, and hv maps RAM
     * alone.
     */
    uint64_t gibs = (top + GIB - 1) / GIB;
    uint64_t *pdpts = (uint64_t *)memory_alloc_for_hand_off((gibs + 511) / 512 * 4096, 0);
    uint64_t *directories = (uint64_t *)memory_alloc_for_hand_off(gibs * 4096, 0);

    if (!pdpts || !directories)
        return 0;
    for (uint64_t i = 0; i < gibs; i++)
        pdpts[i] = (uint64_t)(directories + i * 512) | P | W;
    for (uint64_t i = 0; i < gibs * 512; i++)
        directories[i] = i * 0x200000 | P | W | LARGE;
    return (uint64_t)pdpts;
}

/* The PDPT of the top 512 GiB: hv.elf at -2 GiB in 4 KiB pages; it is far smaller than the 1 GiB of one directory. */
static uint64_t map_hv(const struct boot_info *info, uint64_t no_execute)
{
    uint64_t pages = info->hv_image_size / 4096;
    uint64_t *pdpt = (uint64_t *)memory_alloc_for_hand_off(4096, 0);
    uint64_t *directory = (uint64_t *)memory_alloc_for_hand_off(4096, 0);
    uint64_t *tables = (uint64_t *)memory_alloc_for_hand_off((pages + 511) / 512 * 4096, 0);

    if (!pdpt || !directory || !tables)
        return 0;
    pdpt[510] = (uint64_t)directory | P | W;
    for (uint64_t i = 0; i * 512 < pages; i++)
        directory[i] = (uint64_t)(tables + i * 512) | P | W;
    for (uint64_t i = 0; i < pages; i++) {
        /* Page by page: a write to text, or a jump into data, is a fault from the first instruction of hv on. */
        uint32_t rights = load_hv_rights(i * 4096);
        if (rights)
            tables[i] = (info->hv_image + i * 4096) | P | (rights & 2 ? W : 0) | (rights & 1 ? 0 : no_execute);
    }
    return (uint64_t)pdpt;
}

uint64_t tables_build(const struct boot_info *info, uint64_t top)
{
    uint64_t no_execute = tables_no_execute() ? NX : 0;
    uint64_t here = (uint64_t)(uintptr_t)handoff_jump + 4096;

    if (top < here)     /* RAM that is not used, but the way to hv begins there */
        top = here;
    uint64_t slots = (top + 512 * GIB - 1) / (512 * GIB);
    /* Below 4 GiB: the way out of 5-level paging loads CR3 in 32-bit mode. */
    uint64_t *root = (uint64_t *)memory_alloc_for_hand_off(4096, 0x100000000ull);
    uint64_t all = map_all(top);
    uint64_t hv = map_hv(info, no_execute);

    if (!root || !all || !hv || slots > DIRECT_MAP_SLOTS)
        return 0;
    for (uint64_t i = 0; i < slots; i++) {
        root[i] = (all + i * 4096) | P | W;
        root[256 + i] = (all + i * 4096) | P | W | no_execute;
    }
    root[511] = hv | P | W;
    return (uint64_t)root;
}

uint64_t tables_build_5_level(uint64_t root)
{
    uint64_t *upper = (uint64_t *)memory_alloc_for_hand_off(4096, 0);

    if (upper)
        upper[0] = root | P | W;
    return (uint64_t)upper;
}
