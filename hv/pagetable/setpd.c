/*
 * setpd.c - hv_setpd: what changed is read again, then the directory is the processor's (PURE). Source: docs/shadow.md.
 */
#include <stddef.h>

#include "pagetable/audit.h"
#include "pagetable/bootvm.h"
#include "pagetable/gspace.h"
#include "pagetable/shadow.h"
#include "pagetable/sync.h"
#include "pagetable/tlb_flush.h"

/* Make this directory the space's. */
static inline void set_current(struct gspace *space, struct shadow_directory *directory, gpa_t address)
{
    struct shadow_pool *pool = space->shadows;
    struct guest_paging *paging = space->paging;
    hpa_t root = directory->root;

    paging->wp = directory->wp;
    paging->directory = address;
    paging->is_on = true;
    space->root = root;
    directory->stamp = ++pool->stamp;
    pool->current = directory;
    shadow_forget_regions(pool);
}

/* And the processor's. */
static inline void load_directory(struct gspace *space, struct shadow_directory *directory, gpa_t address)
{
    hpa_t root = directory->root;

    set_current(space, directory, address);
    tlb_load_root(root);                /* always: protecting has taken rights away */
}

/* Bound: a page table for each 2 MiB of RAM that was touched, 1,528 at most, of some 60 instructions. */
static void free_boot_tables(hpa_t root)
{
    uint32_t region = 0, steps = BOOTVM_REGIONS;

    (void)bootvm_free(root, &region, &steps);
}

/* Any directory: it may have no shadow yet, or something to read again. */
static __attribute__((noinline)) bool setpd_any(struct gspace *space, gpa_t address, uint32_t wp)
{
    if (!space->shadows && shadow_pool_create(space) != STATUS_OK)
        return false;
    struct shadow_directory *directory = shadow_get_directory(space, address.v >> PAGE_SHIFT, wp);
    if (!directory)
        return false;
    sync_reachable(space, directory);
    hpa_t boot_root = space->paging->is_on ? HPA_NONE : space->root;
    load_directory(space, directory, address);
    if (boot_root.v)
        free_boot_tables(boot_root);
    audit_check(space);
    return true;
}

enum status gspace_resume(struct gspace *space, const struct guest_paging *paging)
{
    if (!paging->is_on)
        return STATUS_OK;
    if (shadow_pool_create(space) != STATUS_OK)
        return STATUS_NO_MEMORY;
    gpa_t address = paging->directory;
    struct shadow_directory *directory = shadow_get_directory(space, address.v >> PAGE_SHIFT, paging->wp);
    if (!directory)
        return STATUS_NO_MEMORY;
    hpa_t boot_root = space->root;
    set_current(space, directory, address);
    free_boot_tables(boot_root);
    audit_check(space);
    return STATUS_OK;
}

bool gspace_setpd(struct gspace *space, gpa_t address, uint32_t wp)
{
    uint16_t index = space->ram->frames[address.v >> PAGE_SHIFT].shadow;

    if (index & SHADOW_IS_DIRECTORY) {
        struct shadow_directory *directory = &space->shadows->directories[index & ~SHADOW_IS_DIRECTORY];
        if (directory->wp == (wp != 0) && !directory->is_dirty) {
            load_directory(space, directory, address);
            audit_check(space);
            return true;
        }
    }
    return setpd_any(space, address, wp);
}
