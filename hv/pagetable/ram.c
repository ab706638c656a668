/*
 * ram.c - back a guest's frames at their first touch, store to them, and give them back (PURE).
 */
#include "pagetable/ram.h"

#include "base/frames.h"
#include "base/string.h"
#include "pagetable/host_table.h"
#include "pagetable/vmap.h"

enum status ram_create(struct ram *ram, uint32_t bytes)
{
    *ram = (struct ram){ .bytes = bytes, .frame_count = bytes / PAGE_SIZE };
    ram->frames = vmap_alloc(ram->frame_count * sizeof(ram->frames[0]));
    return ram->frames ? STATUS_OK : STATUS_NO_MEMORY;
}

void ram_destroy(struct ram *ram)
{
    if (!ram->frames)
        return;
    for (uint32_t i = 0; i < ram->frame_count; i++)
        if (ram->frames[i].host)
            frames_free(HPA((uint64_t)ram->frames[i].host << PAGE_SHIFT));
    vmap_free(ram->frames);
    *ram = (struct ram){ .bytes = ram->bytes };
}

/* A frame that the view gives back, where there was none left. */
static hpa_t alloc_given_back(struct ram *ram)
{
    hpa_t frame = HPA_NONE;

    while (!frame.v && ram->asks && ram->asks->give_back(ram->view))
        frame = table_alloc();
    return frame;
}

hpa_t ram_alloc(struct ram *ram)
{
    hpa_t frame = table_alloc();

    return frame.v ? frame : alloc_given_back(ram);
}

hpa_t ram_back_new(struct ram *ram, uint32_t frame)
{
    hpa_t page = ram_alloc(ram);

    ram->frames[frame].host = (uint32_t)(page.v >> PAGE_SHIFT);
    ram->backed_count += page.v != 0;
    return page;
}

bool ram_store(struct ram *ram, gpa_t to, const void *from, size_t bytes)
{
    while (bytes) {
        uint32_t frame = to.v >> PAGE_SHIFT, at = to.v & PAGE_MASK;
        size_t chunk = bytes < PAGE_SIZE - at ? bytes : PAGE_SIZE - at;
        hpa_t page = ram_back(ram, frame);
        if (!page.v)
            return false;
        if (ram->frames[frame].flags & GFRAME_TRACED)
            ram->asks->untrace(ram->view, frame);
        memcpy((uint8_t *)hpa_to_ptr(page) + at, from, chunk);
        from = (const uint8_t *)from + chunk;
        to = GPA(to.v + (uint32_t)chunk);
        bytes -= chunk;
    }
    return true;
}
