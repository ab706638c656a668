/*
 * reclaim.h - the dead: guests whose memory is being taken apart, a piece at a time (PURE).
 *
 * A guest's end takes no time, whatever it had: its tables, RAM and records go back in pieces between the turns of
 * others, and at once where an allocation would fail. So memory may be on its way back, and is never missed.
 */
#ifndef GUEST_RECLAIM_H
#define GUEST_RECLAIM_H

#include <stdbool.h>
#include <stdint.h>

struct guest;

/* Once, before the first guest: let allocations that fail have what the dead still hold. */
void reclaim_init(void);

/* This guest is not loaded and runs no more: its memory may go, and with life.is_released the struct, too. */
void reclaim_add(struct guest *guest);

/*
 * Take so many steps, each some 100 instructions, few of them 400; what one guest's last step gives back in one go is
 * at most 0.1 M instructions. True: something is left.
 */
bool reclaim_step(uint32_t steps);

/* Is any memory on its way back? */
bool reclaim_waits(void);

#endif
