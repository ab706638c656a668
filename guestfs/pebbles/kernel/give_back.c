/*
 * give_back.c - see give_back.h. A frame that was given back is zero when it is touched again, which the free list does
 * not mind: what is in a free frame is nobody's. The hypervisor looks through all page tables at each call, so runs
 * are to be long, and calls few.
 */
#include "give_back.h"

#include "frames.h"
#include "guest.h"
#include "hv.h"
#include "sched.h"

#define IDLE_FRAMES 256u        /* fewer are not worth a call */
#define IDLE_RUN 16u
#define IDLE_TICKS 100u         /* between two times */

static uint32_t last_tick;

static void give_runs(uint32_t least)
{
    uint32_t first = FRAME_NONE, count;

    for (; (count = frames_give(&first, least)) != 0; first += count)
        hv_give_back(first, count);
}

void give_back_idle(void)
{
    if (!guest_has_control() || frames_used_free() < IDLE_FRAMES || sched_ticks() - last_tick < IDLE_TICKS)
        return;
    last_tick = sched_ticks();
    give_runs(IDLE_RUN);
}

void give_back_all(void)
{
    if (guest_has_control())
        give_runs(1);
}
