/*
 * bootvm.h - a guest's address space while its paging is off: RAM from the start of its segment on, one to one.
 */
#ifndef PAGETABLE_BOOTVM_H
#define PAGETABLE_BOOTVM_H

#include "pagetable/gspace.h"
#include "pagetable/gwalk.h"

/* An empty root with the upper half; HPA_NONE when memory is out. */
hpa_t bootvm_create(void);
/*
 * Give the root and the tables below it back; RAM stays. Not while it is loaded. In steps of a region of 2 MiB each,
 * below 4 GiB. *region is where it is, 0 at first. False: *steps are used up, and the next call goes on.
 */
#define BOOTVM_REGIONS 2048u
bool bootvm_free(hpa_t root, uint32_t *region, uint32_t *steps);
/* The page of a frame is not mapped any more, and its translation is gone. Of the root that is loaded. */
void bootvm_forget(const struct gspace *space, uint32_t frame);
/* RAM asks the space as long as it has no shadows. */
void bootvm_show(struct gspace *space);
/* Let a frame's leaf go. The caller flushes. */
void bootvm_drop_leaf(const struct gspace *space, uint32_t frame);
/* gspace_drop_leaves, paging off. Bound: *steps, and a few instructions for each region of RAM without a page table. */
bool bootvm_drop_leaves(const struct gspace *space, uint32_t *at, uint32_t *steps);
/* Back and map the page of an address in RAM, for an access as in gspace_fault: GFAULT_FILLED or GFAULT_NO_MEMORY. */
enum gfault bootvm_fill(struct gspace *space, gva_t address, uint32_t access);

/* gspace_fault, paging off. Guest kernels run in ring 1; ring 3, by a RETF of the kernel's own, may touch nothing. */
static inline enum gfault bootvm_fault(struct gspace *space, gva_t address, uint32_t access)
{
    bool is_inside = address.v < space->ram->bytes;

    if (is_inside && !(access & ACCESS_USER))
        return bootvm_fill(space, address, access);
    return access | is_inside;
}

#endif
