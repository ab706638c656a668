/*
 * rmap.h - the reverse map: which leaves of the shadows map a guest frame writable (PURE).
 *
 * A leaf is named by its shadow table and entry, never by address, so that a stale name is harmless: the entry it names
 * either maps the frame writable, and then it is right, or it does not, and is ignored.
 */
#ifndef PAGETABLE_RMAP_H
#define PAGETABLE_RMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/shadow.h"

/* entry of table now maps frame writable. */
void rmap_add(struct gspace *space, uint32_t frame, const struct shadow_table *table, uint32_t entry);

/*
 * Take W from every leaf that maps frame, and mark it traced. The caller flushes. False, with nothing changed, when
 * more leaves map it than are recorded: the frame then stays untraced and its shadows unsynced, which is slower, not
 * wrong.
 */
bool rmap_protect(struct gspace *space, uint32_t frame);

#endif
