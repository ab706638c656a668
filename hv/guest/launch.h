/*
 * launch.h - a guest is made from an image, a piece at a time.
 *
 * An image may have any size, and whoever gives it may mean no good: nobody waits for more than a piece of it. What is
 * under way is known to nobody else until it is a guest.
 */
#ifndef GUEST_LAUNCH_H
#define GUEST_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/debug_print.h"
#include "guest/hold.h"

struct guest;
struct request_start;

/* How far an image is in RAM; zero when it begins. */
struct guest_filling {
    unsigned segment;           /* being copied, and how many bytes of it are */
    uint32_t copied;
    struct hold source;         /* who may have the pages already: same_image.h */
    struct debug_print_patching patching;
};

/*
 * Go on with this start, or begin it when none is under way: one at a time, and the same until it is over. *steps, of
 * some 1,000 instructions, are used up; to begin may take more than are left, some 200, and what its kind takes
 * (load_steps). True: it is over, and *guest is there, with memory, tables and a console, GUEST_READY, nothing run yet;
 * or it is NULL, start->reason says exactly why, and what was made goes back. The image must stay as long as the guest
 * is known: reports name places by it. Whose image goes away clears guest->image.
 */
bool launch_step(const struct request_start *start, struct guest **guest, uint32_t *steps);

/*
 * A guest with RAM that nobody has touched, for who fills it, gives it its ID and has it join the others. NULL: no
 * memory; reason (GUEST_REASON_BYTES) says so.
 */
struct guest *launch_make_room(uint32_t memory_bytes, char *reason);

/* The start that is under way, if one is, comes to nothing. */
void launch_withdraw(void);

#endif
