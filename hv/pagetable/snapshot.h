/*
 * snapshot.h - what guest tables said when their shadows were last read, so that hv_setpd can tell what changed (PURE).
 *
 * A snapshot is taken before the first store to a table. When hv_setpd has read the table again the snapshot is exact
 * once more and is kept, so that the next store need not copy. What is kept takes no more memory than the row "memory
 * per guest" of docs/performance.md has room for; docs/shadow.md, "What snapshots may take".
 */
#ifndef PAGETABLE_SNAPSHOT_H
#define PAGETABLE_SNAPSHOT_H

#include <stdbool.h>

#include "pagetable/shadow.h"

/* Frames that a guest may keep in any case: 32 KiB. */
#define SNAPSHOTS_KEPT 8u

/*
 * Have what the guest's table says now, while its leaves agree with it. Without memory for that, hv_setpd reads the
 * whole table again.
 */
void snapshot_take(struct gspace *space, struct shadow_table *table);

/* The table was read again and is traced: what its snapshot says stays so until the next store. */
void snapshot_keep(struct shadow_pool *pool, struct shadow_table *table);

/* Give the frame back, which may be kept or not, or not be there. */
void snapshot_free(struct shadow_pool *pool, struct shadow_table *table);

/* Give back the one that was kept longest. False: none is kept. */
bool snapshot_free_oldest(struct shadow_pool *pool);

/* There is less room now: give back what is too much. */
void snapshot_trim(struct shadow_pool *pool);

#endif
