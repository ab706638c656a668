/*
 * evict.h - take shadows away: when there are too many, and when memory is out (PURE).
 */
#ifndef PAGETABLE_EVICT_H
#define PAGETABLE_EVICT_H

#include <stdbool.h>

#include "pagetable/shadow.h"

/* The directory used longest ago, but the current one, evicted; its place is free. NULL: there is none. */
struct shadow_directory *evict_oldest_directory(struct gspace *space);
/*
 * Evict a few tables that are not pinned, in turn. Long work is cut: true may also mean that one lost some of its
 * links, and none is free yet; whoever comes next goes on with it. False: there is none.
 */
bool evict_some_table(struct gspace *space);
/* Links that one call looks at; unit tests set their own. */
extern uint32_t evict_links_most;
/*
 * Evict a shadow of this frame, or some of its links, as evict_some_table does. False: there is none, or only the
 * directory that is loaded.
 */
bool evict_of_frame(struct gspace *space, uint32_t frame);
/* Anything that gives a frame back. False: what is left is too little for a guest to go on with. */
bool evict_any(struct gspace *space);

#endif
