/*
 * vm_page.c - single pages: zero on demand, copy on write (no hardware in it: tested on the host).
 *
 * For each frame but the zero frame: it has as many promises as owners above the first, if it may be written at all.
 * The zero frame has one promise for each page that shows it and may be written.
 */
#include "frames.h"
#include "panic.h"
#include "string.h"
#include "vm.h"
#include "vm_internal.h"

bool vm_map_zero(uint32_t directory, uint32_t address, uint32_t flags)
{
    if ((flags & PTE_MAY_WRITE) != 0 && !frames_promise(1))
        return false;
    uint32_t *entry = vm_entry_make(directory, address);
    if (entry == NULL) {
        if ((flags & PTE_MAY_WRITE) != 0)
            frames_unpromise(1);
        return false;
    }
    ASSERT(*entry == 0);
    *entry = vm_zero_frame * PAGE_BYTES | PTE_PRESENT | PTE_USER | flags;
    return true;
}

void vm_unmap(uint32_t *entry)
{
    uint32_t frame = *entry / PAGE_BYTES;
    bool shared = frame == vm_zero_frame || frames_drop(frame) > 0;

    if (shared && (*entry & PTE_MAY_WRITE) != 0)
        frames_unpromise(1);
    *entry = 0;
}

bool vm_break(uint32_t *entry)
{
    uint32_t frame = *entry / PAGE_BYTES;

    if ((*entry & (PTE_MAY_WRITE | PTE_WRITE)) != PTE_MAY_WRITE)
        return false;
    if (frame == vm_zero_frame || frames_references(frame) > 1) {
        uint32_t own = frames_take_promised();
        memcpy(frame_pointer(own), frame_pointer(frame), PAGE_BYTES);
        if (frame != vm_zero_frame)
            frames_drop(frame);
        frame = own;
    }
    *entry = frame * PAGE_BYTES | (*entry & (PAGE_BYTES - 1)) | PTE_WRITE;
    return true;
}

bool vm_write(uint32_t directory, uint32_t address, const void *data, uint32_t bytes)
{
    const uint8_t *from = data;

    while (bytes > 0) {
        uint32_t offset = address % PAGE_BYTES;
        uint32_t piece = bytes < PAGE_BYTES - offset ? bytes : PAGE_BYTES - offset;
        uint32_t *entry = vm_entry(directory, address);

        if (entry == NULL || ((*entry & PTE_WRITE) == 0 && !vm_break(entry)))
            return false;
        memcpy((uint8_t *)frame_pointer(*entry / PAGE_BYTES) + offset, from, piece);
        address += piece;
        from += piece;
        bytes -= piece;
    }
    return true;
}

/* Both twins lose the right to write, and one frame is promised to whichever writes first. */
static bool page_share(uint32_t *entry, uint32_t *twin)
{
    uint32_t frame = *entry / PAGE_BYTES;

    if ((*entry & PTE_MAY_WRITE) != 0 && !frames_promise(1))
        return false;
    if (frame != vm_zero_frame)
        frames_share(frame);
    *entry &= ~PTE_WRITE;
    *twin = *entry;
    return true;
}

/* One table. What was shared before memory ran out is undone by destroying the twin. */
static bool table_share(uint32_t *slot, uint32_t *twin_slot)
{
    uint32_t frame = frames_take();

    if (frame == FRAME_NONE)
        return false;
    uint32_t *table = frame_pointer(*slot / PAGE_BYTES), *twin = frame_pointer(frame);
    memset(twin, 0, PAGE_BYTES);
    *twin_slot = frame * PAGE_BYTES | (*slot & (PAGE_BYTES - 1));
    for (uint32_t i = 0; i < VM_ENTRIES; i++) {
        if (table[i] != 0 && !page_share(&table[i], &twin[i]))
            return false;
    }
    return true;
}

uint32_t vm_fork(uint32_t directory)
{
    uint32_t twin = vm_create();

    if (twin == FRAME_NONE)
        return FRAME_NONE;
    uint32_t *slots = frame_pointer(directory), *twin_slots = frame_pointer(twin);
    bool done = true;
    for (uint32_t i = VM_USER_FIRST_SLOT; done && i < VM_USER_END_SLOT; i++)
        done = slots[i] == 0 || table_share(&slots[i], &twin_slots[i]);
    if (!done)
        vm_destroy(twin);
    if (directory == vm_active())
        vm_reload();
    return done ? twin : FRAME_NONE;
}
