/*
 * reclaim.c - take the dead apart, a piece at a time (PURE).
 */
#include "guest/reclaim.h"

#include <stddef.h>

#include "base/frames.h"
#include "base/log.h"
#include "guest/guest.h"
#include "guest/trace.h"
#include "pagetable/vmap.h"

#define STEPS_AT_ONCE 16u       /* where memory is short: until there is a frame */
/*
 * The struct's pages, and those of a report. Those of a trace and of rows that scrolled off go at once, too: 232 at
 * most, of a guest that was looked at.
 */
#define RELEASE_STEPS (sizeof(struct guest) / PAGE_SIZE + 2)

static struct guest *dead;      /* the first is worked on */

void reclaim_add(struct guest *guest)
{
    if (guest->reclaim.is_dead)
        return;
    guest->reclaim.is_dead = true;
    guest->reclaim.next = dead;
    dead = guest;
}

bool reclaim_waits(void)
{
    return dead != NULL;
}

static void free_row_page(void *page)
{
    frames_free(ptr_to_hpa(page));
}

static void free_released(struct guest *guest)
{
    if (guest->life.end == GUEST_END_CRASH || guest->life.end == GUEST_END_TIMEOUT)
        vmap_free((void *)(uintptr_t)guest->life.report);
    scrollback_free(&guest->history, free_row_page);
    if (guest->trace)
        trace_free(guest->trace);
    vmap_free(guest);
}

/* False: steps are used up. What comes after RAM is one step, of some pages. */
static bool take_apart(struct guest *guest, uint32_t *steps)
{
    if (guest->kind != NULL && guest->kind->destroy != NULL && !guest->kind->destroy(guest, steps))
        return false;
    if (!gspace_destroy(&guest->space, steps) || !ram_destroy(&guest->ram, steps) || *steps == 0)
        return false;
    --*steps;
    if (guest->strict)
        vmap_free(guest->strict);
    guest->strict = NULL;
    return true;
}

/* Bound: steps. The last of a guest that is released may take more than are left; the next waits then. */
bool reclaim_step(uint32_t steps)
{
    while (dead && take_apart(dead, &steps)) {
        struct guest *guest = dead;
        dead = guest->reclaim.next;
        guest->reclaim.is_dead = false;
        log_debug("guest %u %s: %s; %llu KiB are free", guest->life.id, guest->life.name,
                  guest->life.is_released ? "forgotten" : "its memory is back",
                  (unsigned long long)frames_count_free() * (PAGE_SIZE / 1024));
        if (!guest->life.is_released)
            continue;
        free_released(guest);
        steps = steps > RELEASE_STEPS ? steps - (uint32_t)RELEASE_STEPS : 0;
    }
    return reclaim_waits();
}

/*
 * An allocation found nothing. Bound: steps that give nothing back are those of tables that never were, 4,159 in a row
 * at most, of regions, and of records that are not there.
 */
static bool reclaim_frame(void)
{
    uint64_t before = frames_count_free();

    while (reclaim_waits() && frames_count_free() == before)
        (void)reclaim_step(STEPS_AT_ONCE);
    return frames_count_free() != before;
}

void reclaim_init(void)
{
    frames_on_shortage(reclaim_frame);
}
