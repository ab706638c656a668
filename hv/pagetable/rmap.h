/*
 * rmap.h - the reverse map: which leaves of the shadows map a guest frame writable (PURE).
 *
 * A leaf is named by its shadow table and entry, never by address, so that a stale name is harmless: the entry it names
 * either maps the frame writable, and then it is right, or it does not, and is ignored.
 *
 * A frame has room for two names. Shadows are caches, so where a third leaf would be writable, another can lose its W
 * instead, and its next writer faults:
 *   - one that nobody needs: no directory links its table, or the guest's entry no longer says what the leaf does.
 *     Tables of processes that ended keep such leaves;
 *   - any, where the frame holds tables that are in use: hv_setpd must be able to protect these.
 * Else the frame is data that the guest shares, and GFRAME_MANY. When such a frame begins to hold tables, its leaves
 * are looked for in all shadows, in some of them at each hv_setpd; until all are found it cannot be traced.
 *
 * A frame that guests share has no writable leaf. There the names are those of all leaves: they must go when the guest
 * gets a copy, which lies elsewhere. A third leaf takes the place of the first.
 */
#ifndef PAGETABLE_RMAP_H
#define PAGETABLE_RMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/shadow.h"

#define RMAP_ENTRY_BITS 10u     /* 1,024 entries in a guest table */
#define RMAP_ENTRY_MASK ((1u << RMAP_ENTRY_BITS) - 1)

/* The record of entry 0 of a table; OR the entry to it. Never 0 as a whole: tables begin at 1. */
static inline uint32_t rmap_first_record(const struct gspace *space, const struct shadow_table *table)
{
    return (uint32_t)(table - space->shadows->tables) << RMAP_ENTRY_BITS;
}

/* This leaf now maps the frame writable. 0: recorded, or need not be; else the record, for rmap_add_another. */
static inline uint32_t rmap_try_add(struct gframe *gframe, uint32_t record)
{
    if (gframe->leaf[0] == 0 || gframe->leaf[0] == record)
        gframe->leaf[0] = record;
    else if (gframe->leaf[1] == 0 || gframe->leaf[1] == record)
        gframe->leaf[1] = record;
    else if (!(gframe->flags & GFRAME_MANY))
        return record;
    return 0;
}

/* The same for a frame that has two records already. */
void rmap_add_another(struct gspace *space, uint32_t frame, uint32_t record);

static inline void rmap_add(struct gspace *space, uint32_t frame, const struct shadow_table *table, uint32_t entry)
{
    uint32_t record = rmap_try_add(&space->ram->frames[frame], rmap_first_record(space, table) | entry);

    if (record)
        rmap_add_another(space, frame, record);
}

/* This leaf now maps a shared frame. Another leaf of it may go. */
void rmap_add_shared(struct gspace *space, uint32_t frame, const struct shadow_table *table, uint32_t entry);
/* The frame is no more shared, and was this host frame: its leaves go. The caller flushes. */
void rmap_drop_shared(struct gspace *space, uint32_t frame, uint32_t host);

/*
 * Take W from every leaf that maps frame, and mark it traced. The caller flushes. False, with nothing changed, when
 * some of its leaves are still to be found: the frame then stays untraced and its shadows unsynced, which is slower,
 * not wrong.
 */
bool rmap_protect(struct gspace *space, uint32_t frame);

/* Look in a few more shadows for the leaves of the frame that is searched, if one is. The caller flushes. */
void rmap_search(struct gspace *space);
/* Shadow tables that rmap_search looks at in one go, of 1,024 leaves each; unit tests set their own. */
extern uint32_t rmap_search_tables;

#endif
