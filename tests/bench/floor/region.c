/*
 * region.c - what the floor's handlers write into: leaves of the shipped code's own shadows, found and kept before, and
 * put back behind them, so that its books stay right.
 */
#include "region.h"

#include "base/string.h"
#include "floor.h"
#include "guest/guest.h"
#include "pagetable/compile.h"
#include "pagetable/host_table.h"
#include "pagetable/shadow.h"

#define TABLES_MOST 16u
#define FRAMES_MOST 6144u           /* the benchmark guest has 24 MiB */
#define LEAF_FULL (COMPILE_LEAF_ALWAYS | PTE_W | PTE_U)

extern struct floor_directory floor_directories[2];
extern struct floor_table floor_tables[TABLES_MOST];
extern const uint32_t *floor_entries;
extern uint64_t *floor_leaves, floor_leaf_of[FRAMES_MOST];
extern uint32_t floor_table_count, floor_frame_count, floor_region;
struct floor_directory floor_directories[2];
struct floor_table floor_tables[TABLES_MOST];
const uint32_t *floor_entries;      /* of the first table, for paging.S */
uint64_t *floor_leaves;
uint64_t floor_leaf_of[FRAMES_MOST];    /* by guest frame; 0: not there, or holds tables that are traced */
uint32_t floor_table_count, floor_frame_count, floor_region;

static uint64_t kept[TABLES_MOST][2][TABLE_ENTRIES];
static uint32_t copies[TABLES_MOST][GTABLE_ENTRIES];

/* setpd.S */
_Static_assert(sizeof(struct floor_directory) == 24 && offsetof(struct floor_directory, dirty) == 16, "setpd.S");
_Static_assert(sizeof(struct floor_table) == 32 && offsetof(struct floor_table, leaves) == 16, "setpd.S");

static bool make_frame_leaves(const struct gspace *space)
{
    if (space->ram->frame_count > FRAMES_MOST)
        return false;
    floor_frame_count = space->ram->frame_count;
    for (uint32_t i = 0; i < floor_frame_count; i++) {
        const struct gframe *frame = &space->ram->frames[i];
        bool is_plain = frame->host && !(frame->flags & GFRAME_TRACED);
        floor_leaf_of[i] = is_plain ? (uint64_t)frame->host << PAGE_SHIFT | LEAF_FULL : 0;
    }
    return true;
}

/* The upper half may not be linked. */
static bool find_table(struct gspace *space, uint32_t index, struct floor_table *table)
{
    const uint32_t *directory = ram_peek(space->ram, space->paging->directory.v >> PAGE_SHIFT);
    uint32_t pde = directory[index], full = GPTE_P | GPTE_W | GPTE_U;

    if ((pde & (full | GPDE_PS)) != full || pde >> GPTE_FRAME_SHIFT >= space->ram->frame_count)
        return false;
    table->entries = ram_peek(space->ram, pde >> GPTE_FRAME_SHIFT);
    for (uint32_t half = 0; half < 2; half++) {
        const uint64_t *link = shadow_pde(space, space->shadows->current, index, half);
        table->leaves[half] = link && *link ? table_of(*link) : NULL;
    }
    return table->entries && table->leaves[0];
}

bool floor_remember(struct guest *guest, uint32_t gva, uint32_t count)
{
    struct gspace *space = &guest->space;

    floor_table_count = 0;
    if (!space->paging->is_on || count == 0 || count > TABLES_MOST || !make_frame_leaves(space))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct floor_table *table = &floor_tables[i];
        table->copy = copies[i];
        if (!find_table(space, gtable_pde_index(GVA(gva)) + i, table))
            return false;
        memcpy(table->copy, table->entries, PAGE_SIZE);
        for (uint32_t half = 0; half < 2; half++)
            if (table->leaves[half])
                memcpy(kept[i][half], table->leaves[half], PAGE_SIZE);
    }
    floor_region = (uint32_t)gspace_linear(space, GVA(gva));
    floor_entries = floor_tables[0].entries;
    floor_leaves = floor_tables[0].leaves[0];
    floor_table_count = count;
    return true;
}

void floor_forget(struct guest *guest)
{
    for (uint32_t i = 0; i < floor_table_count; i++)
        for (uint32_t half = 0; half < 2; half++)
            if (floor_tables[i].leaves[half])
                memcpy(floor_tables[i].leaves[half], kept[i][half], PAGE_SIZE);
    floor_table_count = 0;
    gspace_load(&guest->space);
}

bool floor_know_directory(struct guest *guest, uint32_t directory)
{
    const struct shadow_directory *shadow = NULL;

    if (guest->space.shadows && directory < guest->ram.bytes)
        shadow = shadow_find_directory(&guest->space, directory >> PAGE_SHIFT, 1);
    if (!shadow)
        return false;
    floor_directories[1] = floor_directories[0];
    floor_directories[0] = (struct floor_directory){ directory, shadow->root.v, &shadow->is_dirty };
    return true;
}
