/*
 * shadow.c - find, make and link shadows of guest tables (PURE). evict.c takes them away.
 */
#include "pagetable/shadow.h"

#include <stddef.h>

#include "base/frames.h"
#include "cpu/x86.h"
#include "pagetable/bootvm.h"
#include "pagetable/compile.h"
#include "pagetable/evict.h"
#include "pagetable/host_table.h"
#include "pagetable/hvmap.h"
#include "pagetable/rmap.h"
#include "pagetable/snapshot.h"
#include "pagetable/vmap.h"

/*
 * How the pool lies in its memory: a page of directories that is not there yet, then two that are, with the other
 * directories, all that there is one of, and tables; then what is not there yet of these.
 */
#define POOL_DIRECTORIES 20u    /* that are there at first */
#define POOL_AT (PAGE_SIZE - (SHADOW_DIRECTORIES - POOL_DIRECTORIES) * sizeof(struct shadow_directory))
#define POOL_PAGES 2u
_Static_assert(POOL_AT < PAGE_SIZE && POOL_AT % _Alignof(struct shadow_pool) == 0, "their page is the first");

/* One table for 32 KiB of RAM: more than a guest has tables, and at most a quarter of its RAM in shadows. */
static uint32_t table_limit(uint32_t frame_count)
{
    uint32_t limit = frame_count / 8;

    if (limit < SHADOW_TABLES_MIN)
        return SHADOW_TABLES_MIN;
    return limit < SHADOW_TABLES_MAX ? limit : SHADOW_TABLES_MAX;
}

/* What fill.c would otherwise work out at each fault: all roles, rights and accesses there are. */
static void make_tables(struct shadow_pool *pool)
{
    for (uint32_t rights = 0; rights < 4; rights++) {
        uint32_t pte = GPTE_P | rights << 1;
        for (uint32_t role = 0; role < 4; role++)
            pool->leaf_bits[role][rights] = compile_leaf(pte, role, HPA(0), false);
        for (uint32_t above = 0; above < 8; above++)
            for (uint32_t access = 0; access < 4; access++)
                pool->allowed[above][access] |=
                    (uint8_t)(gwalk_allows((above & 3) << 1, pte, above & 4, access << 1) << rights);
    }
}

/* What RAM asks of a space with shadows. */
static void untrace(void *space, uint32_t frame)
{
    shadow_unsync(space, frame);
}

static bool give_back(void *space)
{
    return evict_any(space);
}

/* A frame that tables were read from: whatever has its address. Bound: the six shadows of a frame. */
static void forget_place(struct gspace *space, uint32_t frame)
{
    struct shadow_pool *pool = space->shadows;

    shadow_forget_regions(pool);
    for (uint16_t index = space->ram->frames[frame].shadow; index;) {
        if (index & SHADOW_IS_DIRECTORY) {
            struct shadow_directory *directory = &pool->directories[index & ~SHADOW_IS_DIRECTORY];
            directory->entries = ram_peek(space->ram, frame);
            index = directory->next;
        } else {
            index = pool->tables[index].next;
        }
    }
}

static void moved(void *view, uint32_t frame, uint32_t host_before)
{
    struct gspace *space = view;

    if (!space->paging->is_on)
        bootvm_drop_leaf(space, frame);
    rmap_drop_shared(space, frame, host_before);
    if (space->ram->frames[frame].shadow)
        forget_place(space, frame);
}

static const struct ram_view asks_shadows = { .untrace = untrace, .give_back = give_back, .moved = moved };

static void *pool_memory(struct shadow_pool *pool)
{
    return (char *)pool - POOL_AT;
}

/* Up to the end of so many tables, and the heads of two lists; and how many end before there. */
static size_t pool_bytes(uint32_t tables)
{
    return POOL_AT + sizeof(struct shadow_pool) + (tables + 2) * sizeof(struct shadow_table);
}

static uint32_t tables_within(size_t bytes)
{
    return (uint32_t)((bytes - pool_bytes(0)) / sizeof(struct shadow_table));
}

/* The head of the kept stands behind the tables. What is there so far is a circle, which may be empty. */
static void move_kept_head(struct shadow_pool *pool, uint16_t from, uint16_t to)
{
    struct shadow_table *head = &pool->tables[to];

    *head = pool->tables[from];
    if (head->list_next == from)
        head->list_next = head->list_previous = to;
    pool->tables[head->list_next].list_previous = to;
    pool->tables[head->list_previous].list_next = to;
    pool->tables[from] = (struct shadow_table){ 0 };
}

/* There is memory for so many bytes now: the tables in it are free, and there were no others. Bound: its tables. */
static void add_free_tables(struct shadow_pool *pool, size_t bytes)
{
    uint32_t first = pool->table_count + 1, last = tables_within(bytes);

    if (last > pool->table_limit)
        last = pool->table_limit;
    move_kept_head(pool, (uint16_t)first, (uint16_t)(last + 1));
    for (uint32_t i = first; i <= last; i++)
        pool->tables[i].next = (uint16_t)(i < last ? i + 1 : 0);
    pool->free_table = (uint16_t)first;
    pool->table_count = last;
}

/* Another page of tables. False: there are as many as may be, or no memory. Bound: a page. */
static bool grow_tables(struct shadow_pool *pool)
{
    size_t bytes = (pool_bytes(pool->table_count) + PAGE_MASK) / PAGE_SIZE * PAGE_SIZE;

    if (pool->table_count == pool->table_limit || !vmap_grow((char *)pool_memory(pool) + bytes, PAGE_SIZE))
        return false;
    add_free_tables(pool, bytes + PAGE_SIZE);
    return true;
}

static bool grow_directories(struct shadow_pool *pool)
{
    if (pool->directory_first == 0 || !vmap_grow(pool_memory(pool), PAGE_SIZE))
        return false;
    pool->directory_first = 0;
    return true;
}

static struct shadow_pool *alloc_pool(uint32_t table_limit)
{
    size_t first = (1 + POOL_PAGES) * PAGE_SIZE, most = pool_bytes(table_limit);
    char *memory = vmap_alloc_growing(0, most > first ? most : first);

    if (memory && !vmap_grow(memory + PAGE_SIZE, first - PAGE_SIZE)) {
        vmap_free(memory);
        return NULL;
    }
    return memory ? (struct shadow_pool *)(void *)(memory + POOL_AT) : NULL;
}

enum status shadow_pool_create(struct gspace *space)
{
    uint32_t limit = table_limit(space->ram->frame_count);

    if (space->tables_most != 0 && limit > space->tables_most)
        limit = space->tables_most;
    struct shadow_pool *pool = alloc_pool(limit);
    if (!pool)
        return STATUS_NO_MEMORY;
    pool->table_limit = limit;
    pool->directory_first = SHADOW_DIRECTORIES - POOL_DIRECTORIES;
    make_tables(pool);
    shadow_forget_regions(pool);
    pool->evict_hand = 1;
    pool->tables[1].list_next = pool->tables[1].list_previous = 1;
    add_free_tables(pool, (1 + POOL_PAGES) * PAGE_SIZE);
    space->shadows = pool;
    space->ram->asks = &asks_shadows;
    space->ram->view = space;
    return STATUS_OK;
}

static void free_each(const hpa_t *frames, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (frames[i].v)
            frames_free(frames[i]);
}

static void free_shadow_directory(const struct shadow_directory *directory)
{
    if (!directory->is_used)
        return;
    free_each(directory->pd, 4);
    frames_free(directory->pdpt);
    frames_free(directory->root);
}

static void free_shadow_table(const struct shadow_table *table)
{
    free_each(table->half, 2);
    free_each(&table->snapshot, 1);
}

/*
 * Nobody uses them any more, so nothing is unlinked. Bound: *steps, and at the end vmap_free of 51 pages at most. Of
 * tables that are not in use nothing is there.
 */
bool shadow_pool_destroy(struct gspace *space, uint32_t *steps)
{
    struct shadow_pool *pool = space->shadows;

    if (space->destroyed < pool->directory_first)
        space->destroyed = pool->directory_first;
    for (; space->destroyed < SHADOW_DIRECTORIES + pool->table_count; --*steps) {
        if (*steps == 0)
            return false;
        uint32_t at = space->destroyed++;
        if (at < SHADOW_DIRECTORIES)
            free_shadow_directory(&pool->directories[at]);
        else
            free_shadow_table(&pool->tables[at - SHADOW_DIRECTORIES + 1]);
    }
    vmap_free(pool_memory(pool));
    space->shadows = NULL;
    bootvm_show(space);
    space->destroyed = 0;
    return true;
}

struct shadow_table *shadow_search_table(const struct gspace *space, uint32_t frame, uint32_t role)
{
    struct shadow_pool *pool = space->shadows;
    uint16_t index = space->ram->frames[frame].shadow;

    /* Bound, here and below: a frame's shadows, one for each role as a table (four), one for each wp as a directory. */
    while (index) {
        if (index & SHADOW_IS_DIRECTORY) {
            index = pool->directories[index & ~SHADOW_IS_DIRECTORY].next;
            continue;
        }
        if (pool->tables[index].role == role)
            return &pool->tables[index];
        index = pool->tables[index].next;
    }
    return NULL;
}

struct shadow_directory *shadow_find_directory(const struct gspace *space, uint32_t frame, uint32_t wp)
{
    struct shadow_pool *pool = space->shadows;
    uint16_t index = space->ram->frames[frame].shadow;

    while (index) {
        if (!(index & SHADOW_IS_DIRECTORY)) {
            index = pool->tables[index].next;
            continue;
        }
        struct shadow_directory *directory = &pool->directories[index & ~SHADOW_IS_DIRECTORY];
        if (directory->wp == (wp != 0))
            return directory;
        index = directory->next;
    }
    return NULL;
}

static void mark_unsynced(struct shadow_pool *pool, struct shadow_table *table)
{
    shadow_list_insert(pool, &pool->tables[0], table);
    table->is_synced = false;
}

void shadow_mark_synced(struct shadow_pool *pool, struct shadow_table *table)
{
    /* Bound: SHADOW_DIRECTORIES. */
    for (uint64_t left = table->parents; left; left &= left - 1)
        pool->directories[__builtin_ctzll(left)].unsynced--;
    shadow_list_remove(pool, table);
    table->is_synced = true;
    snapshot_keep(pool, table);
}

struct shadow_table *shadow_make_table(struct gspace *space, uint32_t frame, uint32_t role)
{
    struct shadow_pool *pool = space->shadows;

    if (!pool->free_table && !grow_tables(pool))
        evict_some_table(space);
    if (!pool->free_table)
        return NULL;
    struct shadow_table *table = &pool->tables[pool->free_table];
    pool->free_table = table->next;
    *table = (struct shadow_table){
        .frame = frame, .role = (uint8_t)role, .is_used = true, .next = space->ram->frames[frame].shadow,
    };
    space->ram->frames[frame].shadow = (uint16_t)(table - pool->tables);
    mark_unsynced(pool, table);
    pool->spare_frames += SHADOW_TABLE_FRAMES;
    return table;
}

/* Bound: SHADOW_DIRECTORIES, or evict_oldest_directory. */
static struct shadow_directory *take_directory(struct gspace *space)
{
    struct shadow_pool *pool = space->shadows;

    for (uint32_t i = pool->directory_first; i < SHADOW_DIRECTORIES; i++)
        if (!pool->directories[i].is_used)
            return &pool->directories[i];
    return grow_directories(pool) ? &pool->directories[0] : evict_oldest_directory(space);
}

struct shadow_directory *shadow_get_directory(struct gspace *space, uint32_t frame, uint32_t wp)
{
    struct shadow_pool *pool = space->shadows;
    struct shadow_directory *directory = shadow_find_directory(space, frame, wp);

    if (directory)
        return directory;
    directory = ram_make_record(space->ram, frame) ? take_directory(space) : NULL;
    hpa_t root = directory ? ram_alloc(space->ram) : HPA_NONE;
    if (!root.v)
        return NULL;
    hpa_t pdpt = ram_alloc(space->ram);
    if (!pdpt.v) {
        frames_free(root);
        return NULL;
    }
    *directory = (struct shadow_directory){
        .frame = frame, .wp = wp != 0, .is_used = true, .is_dirty = true, .next = space->ram->frames[frame].shadow,
        .root = root, .pdpt = pdpt, .entries = ram_peek(space->ram, frame),
    };
    space->ram->frames[frame].shadow = (uint16_t)(SHADOW_IS_DIRECTORY | (uint32_t)(directory - pool->directories));
    pool->spare_frames += SHADOW_DIRECTORY_FRAMES - 2;
    hvmap_share_upper(hpa_to_ptr(root));
    *(uint64_t *)hpa_to_ptr(root) = pdpt.v | PTE_P | PTE_W | PTE_U | PTE_A;
    return directory;
}

uint64_t *shadow_make_pde(struct gspace *space, struct shadow_directory *directory, uint32_t index, uint32_t half)
{
    uint32_t which = shadow_host_index(space, index, half) / TABLE_ENTRIES;

    if (!directory->pd[which].v) {
        hpa_t pd = ram_alloc(space->ram);
        if (!pd.v)
            return NULL;
        directory->pd[which] = pd;
        space->shadows->spare_frames--;
        snapshot_trim(space->shadows);
        ((uint64_t *)hpa_to_ptr(directory->pdpt))[which] = pd.v | PTE_P | PTE_W | PTE_U | PTE_A;
    }
    return shadow_pde(space, directory, index, half);
}

bool shadow_make_half(struct gspace *space, struct shadow_table *table, uint32_t half)
{
    table->half[half] = ram_alloc(space->ram);
    if (!table->half[half].v)
        return false;
    space->shadows->spare_frames--;
    snapshot_trim(space->shadows);
    return true;
}

void shadow_add_parent(struct shadow_pool *pool, struct shadow_table *table, struct shadow_directory *directory,
                       uint32_t index)
{
    uint64_t bit = shadow_directory_bit(pool, directory);

    if (!table->is_synced && !(table->parents & bit))
        directory->unsynced++;
    if (!table->parents) {
        table->slot = (uint16_t)index;
        table->is_scattered = false;
    }
    table->is_scattered |= table->slot != index;
    table->parents |= bit;
}

/* The table became unsynced: every directory that links it has something to read at its next hv_setpd. Bound: 64. */
static void dirty_parents(struct shadow_pool *pool, uint64_t parents)
{
    for (; parents; parents &= parents - 1) {
        struct shadow_directory *directory = &pool->directories[__builtin_ctzll(parents)];
        directory->is_dirty = true;
        directory->unsynced++;
    }
}

/* Bound: the six shadows of a frame, for each a snapshot and its directories. */
void shadow_unsync(struct gspace *space, uint32_t frame)
{
    struct shadow_pool *pool = space->shadows;
    uint16_t index = space->ram->frames[frame].shadow;

    shadow_forget_regions(pool);
    space->ram->frames[frame].flags &= (uint16_t)~GFRAME_TRACED;
    while (index) {
        if (index & SHADOW_IS_DIRECTORY) {
            struct shadow_directory *directory = &pool->directories[index & ~SHADOW_IS_DIRECTORY];
            directory->is_synced = false;
            directory->is_dirty = true;
            index = directory->next;
        } else {
            struct shadow_table *table = &pool->tables[index];
            if (table->is_synced) {
                snapshot_take(space, table);
                mark_unsynced(pool, table);
                dirty_parents(pool, table->parents);
            }
            index = table->next;
        }
    }
}

/* For the operator. Bound: all tables. */
struct shadow_counts shadow_count(const struct gspace *space)
{
    const struct shadow_pool *pool = space->shadows;
    struct shadow_counts counts = { .evictions = pool->evictions };

    for (uint32_t i = pool->directory_first; i < SHADOW_DIRECTORIES; i++)
        counts.directories += pool->directories[i].is_used;
    for (uint32_t i = 1; i <= pool->table_count; i++) {
        counts.tables += pool->tables[i].is_used;
        counts.unsynced += pool->tables[i].is_used && !pool->tables[i].is_synced;
    }
    return counts;
}
