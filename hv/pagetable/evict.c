/*
 * evict.c - shadows are caches: any of them can go (PURE).
 *
 * What must hold whenever memory is given back: no link leads to it, and no translation made through it is left in the
 * TLB. So the links go first, then CR3 is loaded again if the current directory had one, and only then the frames are
 * freed. The other directories' translations are gone anyway: nothing is global, and CR3 was loaded since they were
 * current.
 *
 * A table may hang in 64 directories, in some of them in a thousand places. Unlinking is therefore cut into pieces
 * (evict_links_most): a fault that gets no memory yet returns as if it were filled, the guest faults again at once, and
 * between the two a host interrupt may come. What is unlinked already stays so; parents says what is left.
 */
#include "pagetable/evict.h"

#include <stddef.h>

#include "base/check.h"
#include "base/frames.h"
#include "cpu/x86.h"
#include "pagetable/host_table.h"
#include "pagetable/snapshot.h"
#include "pagetable/tlb_flush.h"

#define EVICT_BATCH 8u
/*
 * An instruction needs up to six halves at once (itself, two operands, each across a boundary), and a page that it was
 * evicted for: with less to give it would fault for ever, one half making room for the other.
 */
#define EVICT_FRAMES_MIN 8u

/*
 * Take a shadow out of its frame's chain: each link of it is the index of a table, or of a directory with
 * SHADOW_IS_DIRECTORY. A frame without synced shadows is no longer traced; its leaves get their W back one by one, as
 * writes fault.
 */
static void unchain(struct gspace *space, uint32_t frame, uint16_t index)
{
    struct shadow_pool *pool = space->shadows;
    uint16_t *link = &space->ram->frames[frame].shadow;
    bool is_synced = false;

    /* Bound: a frame's shadows, six at most. */
    while (*link) {
        bool is_directory = *link & SHADOW_IS_DIRECTORY;
        struct shadow_directory *directory = &pool->directories[*link & (SHADOW_DIRECTORIES - 1)];
        struct shadow_table *table = &pool->tables[is_directory ? 0 : *link];
        uint16_t *next = is_directory ? &directory->next : &table->next;
        if (*link == index) {
            *link = *next;
            continue;
        }
        is_synced |= is_directory ? directory->is_synced : table->is_synced;
        link = next;
    }
    if (!is_synced)
        space->ram->frames[frame].flags &= (uint16_t)~GFRAME_TRACED;
}

/* Give a directory's frames back. Bound: all tables, four instructions each, and its six frames. */
static void evict_directory(struct gspace *space, struct shadow_directory *directory)
{
    struct shadow_pool *pool = space->shadows;
    uint64_t bit = shadow_directory_bit(pool, directory);

    shadow_forget_regions(pool);
    for (uint32_t i = 1; i <= pool->table_count; i++)
        pool->tables[i].parents &= ~bit;
    unchain(space, directory->frame, (uint16_t)(SHADOW_IS_DIRECTORY | (directory - pool->directories)));
    for (unsigned i = 0; i < 4; i++) {
        if (directory->pd[i].v)
            frames_free(directory->pd[i]);
        else
            pool->spare_frames--;
    }
    frames_free(directory->pdpt);
    frames_free(directory->root);
    *directory = (struct shadow_directory){ 0 };
    snapshot_trim(pool);
    pool->evictions++;
}

/* Links that were looked at to take a table out of a directory. */
#define LINKS_OF_DIRECTORY (4 * TABLE_ENTRIES)
#define LINKS_OF_SLOT 2u

/*
 * Clear every entry of a directory that names one of the table's halves. Returns how many were looked at. Nearly every
 * table hangs at the same place wherever it hangs (slot): then two entries a directory are all. Only a scattered one is
 * searched for. Bound: LINKS_OF_DIRECTORY, six instructions each.
 */
static uint32_t unlink_from(const struct gspace *space, struct shadow_directory *directory,
                            const struct shadow_table *table)
{
    if (!table->is_scattered) {
        for (uint32_t half = 0; half < 2; half++) {
            uint64_t *link = shadow_pde(space, directory, table->slot, half);
            if (link)
                *link = 0;
        }
        return LINKS_OF_SLOT;
    }
    for (unsigned i = 0; i < 4; i++) {
        uint64_t *pd = directory->pd[i].v ? hpa_to_ptr(directory->pd[i]) : NULL;
        for (unsigned j = 0; pd && j < TABLE_ENTRIES; j++) {
            uint64_t address = pd[j] & PTE_ADDRESS;
            if (address && (address == table->half[0].v || address == table->half[1].v))
                pd[j] = 0;
        }
    }
    return LINKS_OF_DIRECTORY;
}

/* One directory that links it; the current one last, which a fault may have to link again meanwhile. */
static struct shadow_directory *next_parent(struct shadow_pool *pool, const struct shadow_table *table)
{
    uint64_t current = pool->current ? shadow_directory_bit(pool, pool->current) : 0;
    uint64_t others = table->parents & ~current;

    return &pool->directories[__builtin_ctzll(others ? others : table->parents)];
}

/*
 * Take a table out of the directories that link it, one after the other, until so many links were looked at. Bound:
 * those, and the links of one directory more.
 */
static uint32_t unlink_table(struct gspace *space, struct shadow_table *table, uint32_t links_most)
{
    struct shadow_pool *pool = space->shadows;
    uint32_t links = 0;

    shadow_forget_regions(pool);
    while (table->parents && links < links_most) {
        struct shadow_directory *directory = next_parent(pool, table);
        links += unlink_from(space, directory, table);
        table->parents &= ~shadow_directory_bit(pool, directory);
        directory->unsynced -= !table->is_synced;
        /*
         * The processor may have cached the entry of the page directory itself: SDM vol. 3 "Paging-Structure Caches".
         */
        if (directory == pool->current)
            tlb_load_root(space->root);
    }
    return links;
}

/* Give back a table that nobody links. */
static void free_table(struct gspace *space, struct shadow_table *table)
{
    struct shadow_pool *pool = space->shadows;
    uint16_t index = (uint16_t)(table - pool->tables);

    snapshot_free(pool, table);
    if (!table->is_synced)
        shadow_list_remove(pool, table);
    unchain(space, table->frame, index);
    for (unsigned half = 0; half < 2; half++) {
        if (table->half[half].v)
            frames_free(table->half[half]);
        else
            pool->spare_frames--;
    }
    *table = (struct shadow_table){ .next = pool->free_table };
    pool->free_table = index;
    snapshot_trim(pool);
    pool->evictions++;
}

/* Bound: SHADOW_DIRECTORIES, and evict_directory. */
struct shadow_directory *evict_oldest_directory(struct gspace *space)
{
    struct shadow_pool *pool = space->shadows;
    struct shadow_directory *oldest = NULL;

    /* Never the current one: its root is in CR3, and whoever asks for memory is about to fill below it. */
    for (uint32_t i = pool->directory_first; i < SHADOW_DIRECTORIES; i++) {
        struct shadow_directory *directory = &pool->directories[i];
        if (directory->is_used && directory != pool->current && (!oldest || directory->stamp < oldest->stamp))
            oldest = directory;
    }
    if (oldest)
        evict_directory(space, oldest);
    return oldest;
}

/*
 * Evict a few tables, going round like the hand of a clock: there is no stamp for tables, as nobody sees when the
 * processor uses one. Several at once, since who needs one frame soon needs more. True also when nothing is free yet,
 * but will be: then the caller tries again, and the hand still points to the table that is half unlinked.
 *
 * Bounds: so many tables go at most, and so many links are looked at, and those of one directory more; all tables are
 * passed over once. A table that hangs in one place in each directory costs two links in each.
 */
uint32_t evict_links_most = 8192;
bool evict_some_table(struct gspace *space)
{
    struct shadow_pool *pool = space->shadows;
    uint32_t evicted = 0, links = 0;

    for (uint32_t seen = 0; seen < pool->table_count && evicted < EVICT_BATCH; seen++) {
        struct shadow_table *table = &pool->tables[pool->evict_hand];
        if (table->is_used && table - pool->tables != pool->pinned) {
            if (links >= evict_links_most)
                return true;
            links += unlink_table(space, table, evict_links_most - links);
            if (table->parents)
                return true;    /* the hand stays: next time it goes on with this one */
            free_table(space, table);
            evicted++;
        }
        pool->evict_hand = (uint16_t)(pool->evict_hand % pool->table_count + 1);
    }
    return evicted != 0;
}

/* Bound: as evict_some_table, of one table, or evict_directory. A frame has six shadows at most. */
bool evict_of_frame(struct gspace *space, uint32_t frame)
{
    struct shadow_pool *pool = space->shadows;
    uint16_t index = space->ram->frames[frame].shadow;

    if (index & SHADOW_IS_DIRECTORY && &pool->directories[index & (SHADOW_DIRECTORIES - 1)] == pool->current)
        index = pool->current->next;
    if (!index)
        return false;
    if (index & SHADOW_IS_DIRECTORY) {
        evict_directory(space, &pool->directories[index & (SHADOW_DIRECTORIES - 1)]);
        return true;
    }
    struct shadow_table *table = &pool->tables[index];
    unlink_table(space, table, evict_links_most);
    if (!table->parents)
        free_table(space, table);
    return true;
}

/* What evicting all tables that are not pinned would give back at least. Bound: all tables, eight instructions each. */
static uint32_t count_halves(const struct shadow_pool *pool)
{
    uint32_t count = 0;

    for (uint32_t i = 1; i <= pool->table_count; i++)
        if (i != pool->pinned)
            count += (pool->tables[i].half[0].v != 0) + (pool->tables[i].half[1].v != 0);
    return count;
}

bool evict_any(struct gspace *space)
{
    /*
     * What is cheapest to make again goes first. Tables last, and not if what they have is less than an instruction
     * needs.
     */
    return snapshot_free_oldest(space->shadows) || evict_oldest_directory(space) ||
           (count_halves(space->shadows) >= EVICT_FRAMES_MIN && evict_some_table(space));
}
