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
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "pagetable/gspace.h"
#include "pagetable/host_table.h"

#define SHADOW_DIRECTORIES 64u      /* cached at most, per guest: one bit each in shadow_table.parents */
#define SHADOW_TABLES_MIN 128u
#define SHADOW_TABLES_MAX 4095u
#define SHADOW_IS_DIRECTORY 0x8000u /* in struct gframe.shadow and next: the rest is an index of directories */

struct shadow_table {
    uint32_t frame;         /* the guest frame it mirrors */
    uint8_t role;           /* ROLE_ bits */
    bool is_used, is_synced;
    bool is_scattered;      /* it hangs elsewhere than at slot, too */
    uint16_t next;          /* next shadow of the same frame; in a free one, the next free one */
    uint16_t list_next, list_previous;  /* by index: of the unsynced, or of the synced that keep a snapshot */
    uint16_t slot;          /* the guest PDE by which directories link it; valid when parents is not 0 */
    uint64_t parents;       /* directories that link it, exactly */
    hpa_t half[2];          /* page tables; HPA_NONE until filled */
    hpa_t snapshot;         /* the guest's entries that the leaves were made from; HPA_NONE: not known. snapshot.h */
};
_Static_assert(sizeof(struct shadow_table) == 48, "a guest of 24 MiB has 768 of them");

struct shadow_directory {
    uint32_t frame;
    uint8_t wp;             /* 0 or 1 */
    bool is_used, is_synced;
    bool is_dirty;          /* it, or a table that it links, may be unsynced */
    uint16_t next;
    uint16_t unsynced;      /* tables that it links and that are unsynced, exactly: most of that list are others' */
    uint64_t stamp;         /* pool's count at its last hv_setpd: the smallest is evicted first */
    hpa_t root, pdpt;
    hpa_t pd[4];            /* HPA_NONE until filled */
    const uint32_t *entries;    /* the guest's, for lean_walk.inc; NULL: was not backed when this was made */
};

/*
 * What the last hidden fault in a region of 2 MiB found, good until links or tables change: see region_cache.h.
 * "rights" are W and U of a guest PTE as a number 0..3.
 */
struct known_region {
    const uint32_t *pde_at;     /* the guest's PDE, and what it was */
    uint32_t pde;
    uint32_t first_record;      /* rmap.h: of the table's entry 0 */
    const uint32_t *entries;    /* the guest's table */
    uint64_t *leaves;           /* the half of the shadow that this PDE links */
    uint32_t *snapshot;         /* of the table; NULL: none */
    const uint64_t *leaf_bits;  /* of the table's role, by rights: a leaf without its address, for an untraced frame */
    const uint8_t *allowed;     /* of the PDE's rights and wp, by access / 2: bit r is set when rights r allow it */
};
#define KNOWN_REGIONS 4u        /* by the lowest bits of gva / 2 MiB */
#define SHADOW_NO_REGION UINT16_MAX

/*
 * Most guests use few shadows, so most of the pool is not there at first: directories below directory_first are not,
 * nor are tables beyond table_count. Both come when all others are in use, by pages, and stay until the space ends.
 */
struct shadow_pool {
    struct shadow_directory directories[SHADOW_DIRECTORIES];
    struct known_region known[KNOWN_REGIONS];
    union {                     /* gva / 2 MiB of each; SHADOW_NO_REGION: nothing */
        uint16_t known_regions[KNOWN_REGIONS];
        uint64_t known_all;
    };
    struct shadow_directory *current;   /* the one that is loaded; NULL: none */
    uint64_t leaf_bits[4][4];   /* by role and rights: for struct known_region */
    uint8_t allowed[8][4];      /* by rights of the PDE + 4 wp, and access / 2 */
    uint32_t directory_first;   /* directories[directory_first .. SHADOW_DIRECTORIES - 1] are there */
    uint16_t free_table;    /* first unused table; 0: none left */
    uint16_t evict_hand;    /* where the search for a victim goes on */
    uint16_t pinned;        /* a table that must not be evicted now; 0: none */
    uint32_t table_count;   /* tables[1 .. table_count] are there, */
    uint32_t table_limit;   /* and so many at most */
    uint32_t kept_count;    /* synced tables that keep a snapshot */
    uint32_t spare_frames;  /* the directories and tables in use do not have, and docs/performance.md allows them */
    uint64_t stamp;
    uint32_t search_frame;  /* whose leaves rmap.c looks for */
    uint32_t search_table;  /* where it goes on; 0: it looks for none */
    uint32_t give_back_table;   /* where give_back.c goes on to look for leaves; 0: it has not begun */
    uint64_t evictions;
    struct shadow_table tables[];   /* [0] heads the list of the unsynced, [table_count + 1] of the kept: circles */
};

/* What docs/performance.md allows: 24 KiB for a directory, 8 KiB for a table. */
#define SHADOW_DIRECTORY_FRAMES 6u
#define SHADOW_TABLE_FRAMES 2u

/* Make the pool of a space that has none. */
MUST_CHECK enum status shadow_pool_create(struct gspace *space);
/* gspace_destroy, with shadows: a step is a directory or a table. */
bool shadow_pool_destroy(struct gspace *space, uint32_t *steps);

/* The shadow for (frame, role), or NULL; the search when the frame's first shadow is not it. */
struct shadow_table *shadow_search_table(const struct gspace *space, uint32_t frame, uint32_t role);
static inline struct shadow_table *shadow_find_table(const struct gspace *space, uint32_t frame, uint32_t role)
{
    uint16_t index = space->ram->frames[frame].shadow;

    if (index && !(index & SHADOW_IS_DIRECTORY) && space->shadows->tables[index].role == role)
        return &space->shadows->tables[index];
    return shadow_search_table(space, frame, role);
}

struct shadow_directory *shadow_find_directory(const struct gspace *space, uint32_t frame, uint32_t wp);

/*
 * The same, made when there is none: a new table is unsynced and empty, a new directory has its root. NULL: no memory;
 * of a table: it is not there yet, the same again goes on with evicting another one.
 */
struct shadow_table *shadow_make_table(struct gspace *space, uint32_t frame, uint32_t role);
static inline struct shadow_table *shadow_get_table(struct gspace *space, uint32_t frame, uint32_t role)
{
    struct shadow_table *table = shadow_find_table(space, frame, role);

    return table ? table : shadow_make_table(space, frame, role);
}

struct shadow_directory *shadow_get_directory(struct gspace *space, uint32_t frame, uint32_t wp);

/* The host PDE, of 2,048 below 4 GiB, for half (0, 1) of guest PDE index: each guest PDE takes two. */
static inline uint32_t shadow_host_index(const struct gspace *space, uint32_t index, uint32_t half)
{
    return space->linear_base / LARGE_PAGE_SIZE + 2 * index + half;
}

/* The host PDE for half (0, 1) of guest PDE index; NULL when that page directory is not there yet. */
static inline uint64_t *shadow_pde(const struct gspace *space, const struct shadow_directory *directory, uint32_t index,
                                   uint32_t half)
{
    uint32_t host = shadow_host_index(space, index, half);
    hpa_t pd = directory->pd[host / TABLE_ENTRIES];

    return pd.v ? (uint64_t *)hpa_to_ptr(pd) + host % TABLE_ENTRIES : NULL;
}

/* The same, made when absent. NULL: no memory. */
uint64_t *shadow_make_pde(struct gspace *space, struct shadow_directory *directory, uint32_t index, uint32_t half);

/* The page table for half (0, 1) of a table that has none yet. False: no memory. */
bool shadow_make_half(struct gspace *space, struct shadow_table *table, uint32_t half);

/* This directory is about to link the table by guest PDE index, if it does not already. */
void shadow_add_parent(struct shadow_pool *pool, struct shadow_table *table, struct shadow_directory *directory,
                       uint32_t index);

/* Links or tables are about to change. */
static inline void shadow_forget_regions(struct shadow_pool *pool)
{
    pool->known_all = UINT64_MAX;
}

/* A traced frame is about to be written: all its shadows become unsynced, and it is no longer traced. */
void shadow_unsync(struct gspace *space, uint32_t frame);

/* It was read again, and its frame is traced. */
void shadow_mark_synced(struct shadow_pool *pool, struct shadow_table *table);

/* Lists of tables: at the front of the head's, and out of it. */
static inline void shadow_list_insert(struct shadow_pool *pool, struct shadow_table *head, struct shadow_table *table)
{
    uint16_t index = (uint16_t)(table - pool->tables);

    table->list_previous = (uint16_t)(head - pool->tables);
    table->list_next = head->list_next;
    pool->tables[head->list_next].list_previous = index;
    head->list_next = index;
}

static inline void shadow_list_remove(struct shadow_pool *pool, struct shadow_table *table)
{
    pool->tables[table->list_previous].list_next = table->list_next;
    pool->tables[table->list_next].list_previous = table->list_previous;
}

/* For people: how many shadows a space with paging on has now, and how many were evicted so far. */
struct shadow_counts {
    uint32_t directories, tables, unsynced;
    uint64_t evictions;
};
struct shadow_counts shadow_count(const struct gspace *space);

static inline uint64_t shadow_directory_bit(const struct shadow_pool *pool, const struct shadow_directory *directory)
{
    return 1ull << (directory - pool->directories);
}

#endif
