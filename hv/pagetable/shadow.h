/*
 * shadow.h - host tables that mirror guest tables, kept across hv_setpd (PURE).
 *
 *   guest directory (1,024 entries)  ->  struct shadow_directory: PML4, PDPT, up to 4 page directories, one per wp role
 *   guest table (1,024 entries)      ->  struct shadow_table: up to two page tables ("halves") of 512, one per role
 *
 * A shadow belongs to a guest frame, not to a place in a directory: a table that hangs under many entries, or in many
 * directories, has one shadow for each role (compile.h). Shadows are filled on demand and are caches: every one but the
 * current directory's may be evicted at any time.
 *
 * Synced: the guest frame is traced (mapped read-only everywhere), so what was filled is what the guest's table says.
 * Unsynced: it may have changed since; read again when hv_setpd reaches it, or when it is linked anew.
 */
#ifndef PAGETABLE_SHADOW_H
#define PAGETABLE_SHADOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "pagetable/gspace.h"

#define SHADOW_DIRECTORIES 64u      /* cached at most, per guest: one bit each in shadow_table.parents */
#define SHADOW_TABLES_MIN 128u
#define SHADOW_TABLES_MAX 4095u
#define SHADOW_IS_DIRECTORY 0x8000u /* in struct gframe.shadow and next: the rest is an index of directories */

struct shadow_table {
    uint32_t frame;         /* the guest frame it mirrors */
    uint8_t role;           /* ROLE_ bits */
    bool is_used, is_synced;
    uint16_t next;          /* next shadow of the same frame; in a free one, the next free one */
    uint16_t unsynced_next, unsynced_previous;  /* list of the unsynced, by index; ends at 0 */
    uint64_t parents;       /* directories that link it, exactly */
    hpa_t half[2];          /* page tables; HPA_NONE until filled */
};

struct shadow_directory {
    uint32_t frame;
    uint8_t wp;             /* 0 or 1 */
    bool is_used, is_synced;
    bool is_dirty;          /* it, or a table that it links, may be unsynced */
    uint16_t next;
    uint64_t stamp;         /* pool's count at its last hv_setpd: the smallest is evicted first */
    hpa_t root, pdpt;
    hpa_t pd[4];            /* HPA_NONE until filled */
};

struct shadow_pool {
    struct shadow_directory directories[SHADOW_DIRECTORIES];
    uint16_t current;       /* index of the directory that is loaded */
    uint16_t free_table;    /* first unused table; 0: none left */
    uint16_t evict_hand;    /* where the search for a victim goes on */
    uint16_t pinned;        /* a table that must not be evicted now; 0: none */
    uint32_t table_count;   /* tables[1 .. table_count] */
    uint64_t stamp;
    uint64_t evictions;
    struct shadow_table tables[];   /* [0] heads the list of the unsynced */
};

/* Make the pool of a space that has none. */
MUST_CHECK enum status shadow_pool_create(struct gspace *space);
/* Give everything back. The space must not be loaded. */
void shadow_pool_destroy(struct gspace *space);

/* A zeroed frame for tables or RAM; evicts shadows when memory is out. HPA_NONE when that does not help either. */
hpa_t shadow_alloc_frame(struct gspace *space);

/* The shadow for (frame, role), or NULL. */
struct shadow_table *shadow_find_table(const struct gspace *space, uint32_t frame, uint32_t role);
struct shadow_directory *shadow_find_directory(const struct gspace *space, uint32_t frame, uint32_t wp);

/*
 * The same, made when there is none: a new table is unsynced and empty, a new directory has its root. NULL: no memory.
 */
struct shadow_table *shadow_get_table(struct gspace *space, uint32_t frame, uint32_t role);
struct shadow_directory *shadow_get_directory(struct gspace *space, uint32_t frame, uint32_t wp);

/* The host PDE for half (0, 1) of guest PDE index; NULL when that page directory is not there yet. */
uint64_t *shadow_pde(const struct shadow_directory *directory, uint32_t index, uint32_t half);
/* The same, made when absent. NULL: no memory. */
uint64_t *shadow_make_pde(struct gspace *space, struct shadow_directory *directory, uint32_t index, uint32_t half);

/* A traced frame is about to be written: all its shadows become unsynced, and it is no longer traced. */
void shadow_unsync(struct gspace *space, uint32_t frame);

/* The list of unsynced tables. */
void shadow_mark_synced(struct shadow_pool *pool, struct shadow_table *table);

static inline uint64_t shadow_directory_bit(const struct shadow_pool *pool, const struct shadow_directory *directory)
{
    return 1ull << (directory - pool->directories);
}

#endif
