/*
 * fake_family.h - a machine of paper for guests that start guests: see fake_family.c.
 */
#ifndef FAKE_FAMILY_H
#define FAKE_FAMILY_H

#include <stdbool.h>

#include "guest/guest.h"

#define FAKE_IMAGE "kernel"         /* there is FAKE_OTHER, too, which comes first */
#define FAKE_OTHER "another"
#define FAKE_IMAGE_BYTES 8
#define FAKE_REFUSED_SIZE 4096u     /* a guest with so much RAM is refused */

/* Guests that are not released, of those that launch_step and clone_step made; blocks of memory that are not freed. */
extern unsigned fake_guest_count, fake_block_count;
extern unsigned fake_no_room;       /* so many of the next allocations fail */
extern unsigned fake_no_copy;       /* so many of the next clones come to nothing */
extern unsigned fake_unknown_images;    /* so many are still to be walked over */
extern struct guest *fake_newest;

/* What each piece of a launch or a copy takes by timer.c's clock, and all took so far; but for that it stands still. */
extern uint64_t fake_piece_ns, fake_passed_ns;

/* A start whose first piece was made; NULL: none. */
extern const struct request_start *fake_launch;

/* A guest ends by itself. */
void fake_exit(struct guest *who, int32_t status);

#endif
