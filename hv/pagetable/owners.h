/*
 * owners.h - how many guests have a host frame (PURE).
 *
 * A frame of RAM has one owner until its guest is cloned, or another is launched from the same image; from then on one
 * more for each of these, until that one writes to it or ends. Only owners beyond the first are counted, in two bytes
 * for each host frame of the machine. The array is there while guests share, and only for blocks of memory that are in
 * use: a machine on which nobody does has none.
 */
#ifndef PAGETABLE_OWNERS_H
#define PAGETABLE_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"

/*
 * By host frame number. Two guests have one frame at most once each, and there are addresses for some 6,000 guests: no
 * count overflows. NULL: no frame has another owner.
 */
extern uint16_t *owners_beyond;

/* How far owners_prepare came: all zero at first. */
struct owners_progress {
    uint32_t block, uses;
};

enum owners_room { OWNERS_READY, OWNERS_GO_ON, OWNERS_NO_MEMORY };

/*
 * Before owners are added, and while two share: counts for each frame that is in use at the first call, in steps of a
 * page that is new, some 700 instructions each. Beside them, blocks of 2 MiB of the machine, some six each, and where
 * nobody shared before, as much as vmap_reserve takes for them. Go on: *steps are used up. No memory, or no addresses
 * for so large a machine: what there is goes when fewer than two share.
 */
MUST_CHECK enum owners_room owners_prepare(struct owners_progress *progress, uint32_t *steps);
/* The same for one frame, which is in use, at once. */
MUST_CHECK bool owners_prepare_frame(uint32_t host);
/* No frame has another owner: give the counts back. */
void owners_end(void);

#define OWNERS_NOT_READY UINT16_MAX     /* in place of counts that were never needed: nobody else has such a frame */

/* Whoever shared with one that ended may ask for any of its frames: there may be counts again, but not for that one. */
static inline uint16_t owners_count_others(uint32_t host)
{
    uint16_t count = owners_beyond ? owners_beyond[host] : 0;

    return count != OWNERS_NOT_READY ? count : 0;
}

static inline bool owners_are_others(uint32_t host)
{
    return owners_count_others(host) != 0;
}

/* One owner less. False: that was the only one, and the frame is to be freed. */
static inline bool owners_drop(uint32_t host)
{
    bool others = owners_are_others(host);

    if (others)
        owners_beyond[host]--;
    return others;
}

#endif
