/*
 * room.h - memory of the monitor's own: it comes when there is something to keep, and stays.
 */
#ifndef MONITOR_ROOM_H
#define MONITOR_ROOM_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory of at least bytes (> 0), to the end of the machine; NULL: there is none. */
void *room_take(size_t bytes);

/* The same, of a page, and with no page table of its own: it can be taken between guests that come and go. */
void *room_take_page(void);

/*
 * Frames that went into it, and the page tables that map it and what lies beside it, as they may be there for its sake
 * only, whoever brought them: whoever looks for leaks leaves them out.
 */
uint64_t room_frames_held(void);

#endif
