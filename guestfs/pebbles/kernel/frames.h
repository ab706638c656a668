/*
 * frames.h - who has which frame of RAM, and how many are spoken for (no hardware in it: tested on the host).
 *
 * A frame may have several owners (copy-on-write). A page that is still shared, or still zero, may be written some day
 * and then needs a frame of its own: that frame is promised when the sharing begins. There are never more promises
 * than free frames, so a page fault always finds one: what fails for lack of memory is the system call that asks.
 */
#ifndef PEBBLES_FRAMES_H
#define PEBBLES_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_NONE 0        /* frame 0 is never handed out */

struct frame {
    uint32_t references;    /* owners; 0: free; 0xFFFFFFFF: not ours to hand out */
    uint32_t next_free;     /* with FRAME_GIVEN, if nothing was in it since it was given back */
};

/* Start with count frames, none of them ours; table has room for count. */
void frames_init(struct frame *table, uint32_t count);

/* Put a frame that is not ours yet on the free list. */
void frames_add(uint32_t frame);

/* One frame, content unknown, one owner. FRAME_NONE when all that is free is promised. */
uint32_t frames_take(void);

/* Promise count frames; false, and nothing done, when there are not so many. */
bool frames_promise(uint32_t count);

/* Take back promises that will not be needed. */
void frames_unpromise(uint32_t count);

/* Keep one promise: as frames_take, but never fails. */
uint32_t frames_take_promised(void);

/* One more owner. One owner less: returns those left; at 0 the frame is free. */
void frames_share(uint32_t frame);
uint32_t frames_drop(uint32_t frame);

uint32_t frames_references(uint32_t frame);

/*
 * Free frames whose content the machine can have: the next run, from *first on, of at least so many that somebody had
 * since frames_add and since they were given before. Its first frame in *first; returns how many, 0: there is none.
 */
uint32_t frames_give(uint32_t *first, uint32_t least);

/* Free frames that frames_give has not given yet. */
uint32_t frames_used_free(void);

/* Frames that nobody owns; how many of them are promised; how many frames_take would still give. */
uint32_t frames_free(void);
uint32_t frames_promised(void);
uint32_t frames_available(void);

#endif
