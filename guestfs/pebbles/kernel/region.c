/*
 * region.c - new_pages and remove_pages. The bounds of a region are marked in the entries of its first and last page.
 */
#include "frames.h"
#include "hv.h"
#include "vm.h"
#include "vm_internal.h"

#define RELOAD_PAGES 64     /* from so many changed entries on, one setpd is cheaper than telling each */

/* Nothing is mapped in the range: 0, else a negative number. Skips whole tables, as a range may span gigabytes. */
static int32_t range_check(uint32_t directory, uint32_t base, uint32_t bytes)
{
    if (base % PAGE_BYTES != 0 || bytes == 0 || bytes % PAGE_BYTES != 0)
        return PEBBLES_ERROR_ARGUMENT;
    if (base < PEBBLES_USER_START || base >= PEBBLES_USER_END || bytes > PEBBLES_USER_END - base)
        return PEBBLES_ERROR_ARGUMENT;
    for (uint32_t address = base; address < base + bytes;) {
        const uint32_t *entry = vm_entry(directory, address);
        if (entry != NULL && *entry != 0)
            return PEBBLES_ERROR_ARGUMENT;
        address += entry != NULL ? PAGE_BYTES : VM_TABLE_BYTES - address % VM_TABLE_BYTES;
    }
    return 0;
}

static void pages_remove(uint32_t directory, uint32_t base, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        vm_unmap(vm_entry(directory, base + i * PAGE_BYTES));
        if (count < RELOAD_PAGES)
            hv_adjustpg(base + i * PAGE_BYTES);
    }
    if (count >= RELOAD_PAGES)
        vm_reload();
}

int32_t region_add(uint32_t directory, uint32_t base, uint32_t bytes)
{
    int32_t error = range_check(directory, base, bytes);
    uint32_t count = bytes / PAGE_BYTES;

    if (error != 0)
        return error;
    if (frames_available() < count)
        return PEBBLES_ERROR_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t flags = PTE_MAY_WRITE | (i == 0 ? PTE_REGION_FIRST : 0) | (i == count - 1 ? PTE_REGION_LAST : 0);
        if (!vm_map_zero(directory, base + i * PAGE_BYTES, flags)) {
            pages_remove(directory, base, i);
            return PEBBLES_ERROR_MEMORY;
        }
    }
    return 0;
}

int32_t region_remove(uint32_t directory, uint32_t base)
{
    if (base % PAGE_BYTES != 0 || base < PEBBLES_USER_START || base >= PEBBLES_USER_END)
        return PEBBLES_ERROR_ARGUMENT;
    const uint32_t *entry = vm_entry(directory, base);
    if (entry == NULL || (*entry & PTE_REGION_FIRST) == 0)
        return PEBBLES_ERROR_ARGUMENT;
    uint32_t count = 1;
    while ((*vm_entry(directory, base + (count - 1) * PAGE_BYTES) & PTE_REGION_LAST) == 0)
        count++;
    pages_remove(directory, base, count);
    return 0;
}
