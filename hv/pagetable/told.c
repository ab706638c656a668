/*
 * told.c - see told.h. Nothing here is fast, and nothing need be: only guests that ask for strict mode come here.
 */
#include "pagetable/told.h"

#include <stddef.h>

#include "base/string.h"
#include "cpu/x86.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"
#include "pagetable/shadow.h"
#include "pagetable/tlb_flush.h"

#define COMPARED (GPTE_P | GPTE_W | GPTE_U | ~(uint32_t)PAGE_MASK)      /* of an entry; of a PDE also PS */
#define TABLES_MAX 64u

/* Where the current directory's shadow has its leaf for an address; NULL: nowhere. */
static uint64_t *find_leaf(const struct gspace *space, uint32_t address)
{
    uint32_t entry = gtable_pte_index(GVA(address));
    const uint64_t *link = space->shadows && space->shadows->current
                               ? shadow_pde(space, space->shadows->current, gtable_pde_index(GVA(address)),
                                            entry / TABLE_ENTRIES)
                               : NULL;

    return link && *link ? table_of(*link) + entry % TABLE_ENTRIES : NULL;
}

static void drop_leaf(const struct gspace *space, uint32_t address)
{
    uint64_t *leaf = find_leaf(space, address);

    if (!leaf || !*leaf)
        return;
    *leaf = 0;
    tlb_flush_page(gspace_linear(space, GVA(address)));
}

static uint32_t key_of(uint32_t address)
{
    return (address & ~PAGE_MASK) + 1;
}

/* The number-th place where a page may be remembered. */
static uint32_t place_of(uint32_t address, uint32_t number)
{
    return (address / PAGE_SIZE + number) % TOLD_PAGES;
}

static struct told_entry *find_told(struct told *told, uint32_t address)
{
    for (uint32_t i = 0; i < TOLD_NEAR; i++)
        if (told->pages[place_of(address, i)].gva == key_of(address))
            return &told->pages[place_of(address, i)];
    return NULL;
}

/* A place for a page that has none: a free one, or one whose page is learned again when it is used. */
static struct told_entry *take_place(struct told *told, const struct gspace *space, uint32_t address)
{
    for (uint32_t i = 0; i < TOLD_NEAR; i++)
        if (told->pages[place_of(address, i)].gva == 0)
            return &told->pages[place_of(address, i)];
    struct told_entry *page = &told->pages[place_of(address, told->next_victim++ % TOLD_NEAR)];
    drop_leaf(space, page->gva - 1);
    return page;
}

/* Bound: TOLD_TABLES, 1,024 leaves each: 0.5 M. */
void told_all(struct told *told, struct gspace *space)
{
    struct shadow_pool *pool = space->shadows;

    memset(told, 0, sizeof(*told));
    for (uint32_t i = 1; pool && i <= pool->table_count; i++)
        for (unsigned half = 0; pool->tables[i].is_used && half < 2; half++)
            if (pool->tables[i].half[half].v)
                table_clear(hpa_to_ptr(pool->tables[i].half[half]));
    tlb_load_root(space->root);
}

void told_learn(struct told *told, struct gspace *space, gva_t address, uint32_t access)
{
    struct told_entry *page = find_told(told, address.v);
    struct gspace_entry now = gspace_look(space, address);
    uint32_t wp = space->paging->wp;

    if (page) {
        page->seen_pde = now.pde;
        page->seen_pte = now.pte;
    }
    /* Fewer rights that nobody told of: a TLB may still have the old ones, and a later use may go by them. */
    if (page && gwalk_allows(page->pde, page->pte, wp, access))
        return;
    if (now.found != GSPACE_PAGE || !gwalk_allows(now.pde, now.pte, wp, access))
        return;
    if (!page)
        page = take_place(told, space, address.v);
    if (!page->gva && !page->pde)
        told->used[told->used_count++] = (uint16_t)(page - told->pages);
    *page = (struct told_entry){ key_of(address.v), now.pde, now.pte, now.pde, now.pte };
}

void told_page(struct told *told, struct gspace *space, gva_t address)
{
    struct told_entry *page = find_told(told, address.v);

    if (page)
        page->gva = 0;
    told_learn(told, space, address, 0);
}

/* Since it was used last: then that showed whether it may be. */
static bool has_changed(const struct told_entry *page, const struct gspace_entry *now)
{
    return ((page->seen_pde ^ now->pde) & (COMPARED | GPDE_PS)) != 0 || ((page->seen_pte ^ now->pte) & COMPARED) != 0;
}

bool told_is_broken(struct told *told, const struct gspace *space, gva_t address, uint32_t access,
                    struct told_entry *before, struct gspace_entry *now)
{
    const struct told_entry *page = find_told(told, address.v);
    uint32_t wp = space->paging->wp;

    if (!page || !gwalk_allows(page->pde, page->pte, wp, access))
        return false;
    *before = *page;
    *now = gspace_look(space, address);
    return now->found != GSPACE_PAGE || now->pte >> GPTE_FRAME_SHIFT != page->pte >> GPTE_FRAME_SHIFT ||
           !gwalk_allows(now->pde, now->pte, wp, access);
}

/* Bound: TOLD_PAGES. */
void told_before_write(const struct told *told, struct gspace *space, gva_t address)
{
    struct gspace_entry entry = gspace_look(space, address);
    uint32_t frame = entry.pte >> GPTE_FRAME_SHIFT, index = address.v % PAGE_SIZE / sizeof(uint32_t);
    bool is_directory = frame == space->paging->directory.v >> PAGE_SHIFT;

    for (unsigned i = 0; entry.found == GSPACE_PAGE && i < told->used_count; i++) {
        const struct told_entry *page = &told->pages[told->used[i]];
        if (page->gva == 0)
            continue;
        if ((is_directory && gtable_pde_index(GVA(page->gva)) == index) ||
            (page->pde >> GPTE_FRAME_SHIFT == frame && gtable_pte_index(GVA(page->gva)) == index))
            drop_leaf(space, page->gva - 1);
    }
}

/* The frames of tables in use: the directory, and below it. How many. Bound: TOLD_PAGES times TABLES_MAX. */
static unsigned find_told_tables(const struct told *told, const struct gspace *space, uint32_t tables[TABLES_MAX])
{
    unsigned count = 1;

    tables[0] = space->paging->directory.v >> PAGE_SHIFT;
    for (unsigned i = 0; i < told->used_count && count < TABLES_MAX; i++) {
        const struct told_entry *page = &told->pages[told->used[i]];
        uint32_t frame = page->pde >> GPTE_FRAME_SHIFT;
        unsigned at = 0;
        while (page->gva != 0 && at < count && tables[at] != frame)
            at++;
        if (page->gva != 0 && at == count)
            tables[count++] = frame;
    }
    return count;
}

/* The page holds a table: the next write to it must be seen. */
static void protect_table(const struct gspace *space, const struct told_entry *page)
{
    uint64_t *leaf = find_leaf(space, page->gva - 1);

    if (!leaf || !(*leaf & PTE_W))
        return;
    *leaf &= ~(uint64_t)PTE_W;
    tlb_flush_page(gspace_linear(space, GVA(page->gva - 1)));
}

/* Bound: TOLD_PAGES, times TABLES_MAX. */
void told_watch(const struct told *told, struct gspace *space)
{
    uint32_t tables[TABLES_MAX];
    unsigned count = find_told_tables(told, space, tables);

    for (unsigned i = 0; i < told->used_count; i++) {
        const struct told_entry *page = &told->pages[told->used[i]];
        if (page->gva == 0)
            continue;
        struct gspace_entry now = gspace_look(space, GVA(page->gva - 1));
        if (has_changed(page, &now))
            drop_leaf(space, page->gva - 1);
        for (unsigned at = 0; at < count; at++)
            if (page->pte >> GPTE_FRAME_SHIFT == tables[at])
                protect_table(space, page);
    }
}
