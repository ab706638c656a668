/*
 * gspace.c - a guest's RAM: which host frame backs which of its frames (PURE).
 */
#include "pagetable/gspace.h"

#include <stddef.h>

#include "base/frames.h"
#include "pagetable/bootvm.h"
#include "pagetable/shadow.h"
#include "pagetable/vmap.h"
#include "pagetable/tlb.h"

enum status gspace_create(struct gspace *space, uint32_t memory_bytes)
{
    *space = (struct gspace){ .memory_bytes = memory_bytes, .frame_count = memory_bytes / PAGE_SIZE };
    space->frames = vmap_alloc(space->frame_count * sizeof(space->frames[0]));
    if (!space->frames)
        return STATUS_NO_MEMORY;
    space->root = bootvm_create();
    if (space->root.v)
        return STATUS_OK;
    vmap_free(space->frames);
    return STATUS_NO_MEMORY;
}

void gspace_destroy(struct gspace *space)
{
    if (!space->root.v)
        return;
    if (space->shadows)
        shadow_pool_destroy(space);
    if (!space->paging)
        bootvm_free(space->root);
    for (uint32_t i = 0; i < space->frame_count; i++)
        if (space->frames[i].host)
            frames_free(HPA((uint64_t)space->frames[i].host << PAGE_SHIFT));
    vmap_free(space->frames);
    *space = (struct gspace){ .memory_bytes = space->memory_bytes };
}

void gspace_load(const struct gspace *space)
{
    tlb_load_root(space->root);
}

hpa_t gspace_back_new(struct gspace *space, uint32_t frame)
{
    hpa_t page = shadow_alloc_frame(space);

    space->frames[frame].host = (uint32_t)(page.v >> PAGE_SHIFT);
    space->backed_count += page.v != 0;
    return page;
}

void *gspace_ptr(struct gspace *space, gpa_t address)
{
    if (address.v >= space->memory_bytes)
        return NULL;
    hpa_t page = gspace_back(space, address.v >> PAGE_SHIFT);
    return page.v ? (uint8_t *)hpa_to_ptr(page) + (address.v & PAGE_MASK) : NULL;
}
