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
    uint64_t free_before = frames_count_free();
    void *room = vmap_alloc(bytes);

    held += free_before - frames_count_free();
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
    return held;
}
