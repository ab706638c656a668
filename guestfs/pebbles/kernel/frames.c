/*
 * frames.c - see frames.h.
 */
#include "frames.h"
#include "panic.h"

#define OUTSIDE 0xFFFFFFFFu     /* references of a frame that was never added */
#define FRAME_GIVEN 0x80000000u

static struct frame *frames;
static uint32_t frame_count, first_free, free_count, used_free_count, promise_count;

void frames_init(struct frame *table, uint32_t count)
{
    frames = table;
    frame_count = count;
    first_free = FRAME_NONE;
    free_count = used_free_count = promise_count = 0;
    for (uint32_t i = 0; i < count; i++)
        table[i] = (struct frame){ .references = OUTSIDE };
}

static struct frame *owned(uint32_t frame)
{
    ASSERT(frame > FRAME_NONE && frame < frame_count);
    ASSERT(frames[frame].references != 0 && frames[frame].references != OUTSIDE);
    return &frames[frame];
}

static void free_push(uint32_t frame)
{
    frames[frame] = (struct frame){ .references = 0, .next_free = first_free };
    first_free = frame;
    free_count++;
    used_free_count++;
}

static void mark_given(uint32_t frame)
{
    frames[frame].next_free |= FRAME_GIVEN;
    used_free_count--;
}

static uint32_t free_pop(void)
{
    uint32_t frame = first_free;

    ASSERT(frame != FRAME_NONE && frames[frame].references == 0);
    first_free = frames[frame].next_free & ~FRAME_GIVEN;
    if ((frames[frame].next_free & FRAME_GIVEN) == 0)
        used_free_count--;
    frames[frame].references = 1;
    free_count--;
    return frame;
}

void frames_add(uint32_t frame)
{
    ASSERT(frame > FRAME_NONE && frame < frame_count && frames[frame].references == OUTSIDE);
    free_push(frame);
    mark_given(frame);
}

uint32_t frames_take(void)
{
    return frames_available() > 0 ? free_pop() : FRAME_NONE;
}

bool frames_promise(uint32_t count)
{
    if (frames_available() < count)
        return false;
    promise_count += count;
    return true;
}

void frames_unpromise(uint32_t count)
{
    ASSERT(promise_count >= count);
    promise_count -= count;
}

uint32_t frames_take_promised(void)
{
    frames_unpromise(1);
    return free_pop();
}

void frames_share(uint32_t frame)
{
    owned(frame)->references++;
}

uint32_t frames_drop(uint32_t frame)
{
    uint32_t left = --owned(frame)->references;

    if (left == 0)
        free_push(frame);
    return left;
}

uint32_t frames_references(uint32_t frame)
{
    return owned(frame)->references;
}

static uint32_t run_length(uint32_t first)
{
    uint32_t count = 0;

    while (first + count < frame_count && frames[first + count].references == 0 &&
           (frames[first + count].next_free & FRAME_GIVEN) == 0)
        count++;
    return count;
}

uint32_t frames_give(uint32_t *first, uint32_t least)
{
    for (uint32_t frame = *first; frame < frame_count; frame++) {
        uint32_t count = run_length(frame);
        if (count == 0)
            continue;
        if (count >= least) {
            for (uint32_t i = 0; i < count; i++)
                mark_given(frame + i);
            *first = frame;
            return count;
        }
        frame += count;
    }
    return 0;
}

uint32_t frames_used_free(void)
{
    return used_free_count;
}

uint32_t frames_free(void)
{
    return free_count;
}

uint32_t frames_promised(void)
{
    return promise_count;
}

uint32_t frames_available(void)
{
    return free_count - promise_count;
}
