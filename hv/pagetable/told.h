/*
 * told.h - strict mode's memory of translations: what the guest's tables said when the hypervisor was last told of a
 * page, by hv_setpd, by hv_adjustpg or by its first use since (PURE). docs/reports.md "Strict mode".
 *
 * A use through entries that were changed without a word is a mistake that no processor shows reliably: it may go by
 * the old ones or the new. To see uses, changed entries have their leaves taken away, so that the next use faults; to
 * see changes early, pages that hold tables in use are shown read-only, until the next write to them.
 */
#ifndef PAGETABLE_TOLD_H
#define PAGETABLE_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/gspace.h"

#define TOLD_PAGES 1024u        /* remembered at most: by the lowest bits of their numbers, or a little behind */
#define TOLD_TABLES 512u        /* shadows of tables that such a guest may have, since hv_setpd clears them all */
#define TOLD_NEAR 8u            /* that little: more than the pages that one instruction needs */

struct told_entry {
    uint32_t gva;               /* of the page, + 1 where it is known; 0: nothing is remembered here */
    uint32_t pde, pte;          /* when it was told */
    uint32_t seen_pde, seen_pte;    /* when it was used last, as far as a fault showed: what its leaf is made from */
};

struct told {
    struct told_entry pages[TOLD_PAGES];
    uint32_t next_victim;       /* of TOLD_NEAR */
    uint32_t used_count;
    uint16_t used[TOLD_PAGES];  /* which of them ever had one, since all was told */
};

/* hv_setpd: everything is told. Whatever is mapped now faults when it is used, and is remembered then. */
void told_all(struct told *told, struct gspace *space);

/* hv_adjustpg of this page: remember what its entries say now. */
void told_page(struct told *told, struct gspace *space, gva_t address);

/* The page is used: the same, if they allow it, and what is remembered, if anything, does not. */
void told_learn(struct told *told, struct gspace *space, gva_t address, uint32_t access);

/*
 * An access (ACCESS_ bits of gwalk.h) that was allowed when the page was told. True: its entries were changed since, so
 * that they forbid it or lead elsewhere; before and now receive them.
 */
bool told_is_broken(struct told *told, const struct gspace *space, gva_t address, uint32_t access,
                    struct told_entry *before, struct gspace_entry *now);

/* A write to this page is about to happen: if it holds a table, the entry at address may change. */
void told_before_write(const struct told *told, struct gspace *space, gva_t address);

/* See to it that what was changed and what may be changed faults. Bound: TOLD_PAGES, and as many again for tables. */
void told_watch(const struct told *told, struct gspace *space);

#endif
