/*
 * children.h - starting guests and waiting for their ends, for the test guests that do.
 */
#ifndef LIB_CHILDREN_H
#define LIB_CHILDREN_H

#include "sdk.h"

#define SMALL_KIB 4096u                 /* RAM of a small child */

extern volatile uint32_t children_told; /* interrupts of HV_SLOT_CHILD */

/* Handlers for it, for ticks and keys (which do nothing), and interrupts on. */
void children_begin(void);
void children_ignore(struct event *event);

/* Does what is told of a child begin so? */
bool children_begins(const char *text, const char *beginning);

/* Ask for a child by name; the rest of start as it is. Returns what hv_start does. */
int32_t children_start(const char *name, struct hv_start start);
int32_t children_start_small(const char *name);

struct hv_child children_state(int32_t id);
uint64_t children_now_ns(void);

/* Sleep until this child has ended: the interrupt must wake the caller up, or a tick. At most WAIT_MS. */
#define WAIT_MS 20000u
struct hv_child children_wait(int32_t id);

/* The same, then check how it ended, and forget it. */
void children_expect_end(int32_t id, uint32_t end, int32_t status);

#endif
