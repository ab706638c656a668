/*
 * room.c - takes what it is asked for, and counts.
 */
#include "monitor/room.h"

#include "base/frames.h"
#include "base/string.h"
#include "pagetable/vmap.h"

static uint64_t held;

void *room_take(size_t bytes)
{
    void *room = vmap_alloc(bytes);

    held += room != NULL ? (bytes + PAGE_MASK) / PAGE_SIZE : 0;
    return room;
}

void *room_take_page(void)
{
    hpa_t frame = frames_alloc();

    if (!frame.v)
        return NULL;
    held++;
    return memset(hpa_to_ptr(frame), 0, PAGE_SIZE);
}

uint64_t room_frames_held(void)
{
    return held + vmap_count_tables();
}
