/*
 * audit.h - is everything true that must always be true of a guest's address space? (PURE) Unit tests ask after every
 * step; a build with -Daudit=true asks after each hv_setpd, hv_adjustpg, hidden fault and clone, and panics when
 * not.
 */
#ifndef PAGETABLE_AUDIT_H
#define PAGETABLE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "pagetable/gspace.h"

/* The highest host address that RAM or tables of an audited space may have. */
#define AUDIT_TOP_BYTES (8ull << 30)

/*
 * Checks, over every table of the space:
 *   - each leaf below 4 GiB shows RAM of this guest, nothing lies outside the segment, the upper half is every root's;
 *   - each host frame has one use; parents, chains, lists and counts are exact;
 *   - a frame with a synced shadow is traced, and no leaf maps a traced frame writable; each writable leaf is recorded;
 *   - no leaf maps a frame writable that other guests have, too, and each that maps it at all is recorded;
 *   - what is synced says what the guest's tables say; a directory that is not dirty reaches nothing unsynced.
 * False: why tells the first that is not so. Takes time in proportion to all tables.
 */
bool audit_space(const struct gspace *space, char *why, size_t why_bytes);

/*
 * Checks each frame of all RAM that shares: its owners are counted, and where there is more than one, all of them know.
 */
bool audit_owners(char *why, size_t why_bytes);

/* For the ends of operations: panics with why. Empty but in a build with -Daudit=true. */
#ifdef COBBLE_AUDIT
void audit_check(const struct gspace *space);
#else
static inline void audit_check(const struct gspace *space)
{
    (void)space;
}
#endif

#endif
