/*
 * audit_shadows.c - check links, leaves, chains and lists of all shadows (PURE); audit.h says for what.
 *
 * Links first, which gather who links each table; then each table against that, against its guest table where that is
 * known, and against what is on record of the frames it maps. What may be stale by design is not compared: leaves of an
 * unsynced table without a snapshot, links of an unsynced directory.
 */
#include "base/string.h"
#include "pagetable/audit_parts.h"
#include "pagetable/compile.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"
#include "pagetable/rmap.h"
#include "pagetable/snapshot.h"

static uint64_t linked[SHADOW_TABLES_MAX + 1];      /* directories that link each table, as found */
static uint16_t unsynced[SHADOW_DIRECTORIES];       /* unsynced tables that each directory links, as found */

/* What the guest's directory says of a link of a synced shadow. */
static bool is_link_true(const struct audit *audit, const struct shadow_directory *directory, uint32_t host_index,
                         const struct shadow_table *table, uint64_t link)
{
    const uint32_t *pdes = ram_peek(audit->space->ram, directory->frame);
    uint32_t pde = pdes ? pdes[(host_index - shadow_host_index(audit->space, 0, 0)) / 2] : 0;

    return pde & GPTE_P && !(pde & GPDE_PS) && pde >> GPTE_FRAME_SHIFT == table->frame &&
           table->role == compile_role(pde, directory->wp) &&
           link == compile_pde(pde, directory->wp, table->half[host_index % 2]);
}

static bool check_link(const struct audit *audit, const struct shadow_directory *directory, uint32_t host_index,
                       uint64_t link)
{
    uint32_t owner;
    bool is_half = audit_owns(link, AUDIT_HALF, &owner);
    uint32_t number = (uint32_t)(directory - audit->pool->directories);

    if (!is_half || (link & ~(PTE_ADDRESS | PTE_W | PTE_U)) != AUDIT_ALWAYS)
        return audit_fail(audit, "directory %u: host PDE 0x%x is 0x%lx, no half of a table", number, host_index, link);
    const struct shadow_table *table = &audit->pool->tables[owner / 2];
    if (host_index < shadow_host_index(audit->space, 0, 0) || host_index % 2 != owner % 2)
        return audit_fail(audit, "directory %u: host PDE 0x%x links half %u", number, host_index, owner % 2);
    if (!table->is_scattered && table->slot != (host_index - shadow_host_index(audit->space, 0, 0)) / 2)
        return audit_fail(audit, "directory %u: host PDE 0x%x links a table whose only slot is 0x%x", number,
                          host_index, table->slot);
    if (!(table->role & ROLE_WP) != !directory->wp)
        return audit_fail(audit, "directory %u (wp %u): links a table of role %u", number, directory->wp, table->role);
    if (directory->is_synced && !is_link_true(audit, directory, host_index, table, link))
        return audit_fail(audit, "directory %u is synced, but host PDE 0x%x is not the guest's", number, host_index);
    linked[owner / 2] |= shadow_directory_bit(audit->pool, directory);
    return true;
}

static bool check_directory(const struct audit *audit, const struct shadow_directory *directory)
{
    const uint64_t *pdpt = hpa_to_ptr(directory->pdpt);
    bool is_good = audit_root(audit, directory->root, directory->pdpt);

    if (directory->entries && directory->entries != ram_peek(audit->space->ram, directory->frame))
        return audit_fail(audit, "the directory in frame 0x%x is not where its shadow says", directory->frame);
    for (uint32_t i = 0; is_good && i < TABLE_ENTRIES; i++) {
        uint64_t pd = i < 4 ? directory->pd[i].v : 0;
        if ((pdpt[i] & PTE_ADDRESS) != pd || (pdpt[i] & PTE_P) != (pd != 0))
            return audit_fail(audit, "PDPT[%u] is 0x%lx, the page directory 0x%lx", i, pdpt[i], pd);
        const uint64_t *links = pd ? hpa_to_ptr(HPA(pd)) : NULL;
        for (uint32_t j = 0; is_good && links && j < TABLE_ENTRIES; j++)
            is_good = !links[j] || check_link(audit, directory, i * TABLE_ENTRIES + j, links[j]);
    }
    return is_good;
}

static bool is_recorded(const struct gframe *gframe, uint32_t table, uint32_t entry)
{
    uint32_t record = table * GTABLE_ENTRIES + entry;
    bool may_be_unknown = gframe->flags & (GFRAME_MANY | GFRAME_SEARCHED) && !(gframe->flags & GFRAME_SHARED);
    return may_be_unknown || gframe->leaf[0] == record || gframe->leaf[1] == record;
}

/* The leaf is what the guest's entry says, flipped or not, perhaps without W. */
static bool is_leaf_true(const struct shadow_table *table, uint32_t pte, uint32_t frame, uint64_t leaf)
{
    hpa_t page = HPA(leaf & PTE_ADDRESS);

    if (pte >> GPTE_FRAME_SHIFT != frame)
        return false;
    leaf &= ~COMPILE_SHARED;
    uint64_t wanted = compile_leaf(pte, table->role, page, !(leaf & PTE_W));
    return leaf == wanted ||
           (compile_is_flip(pte, table->role) && pte & GPTE_P && (leaf | PTE_W) == compile_flipped(page));
}

/* What the leaves of a table were made from: the guest's table, or its snapshot. NULL: not known. */
static const uint32_t *entries_behind(const struct audit *audit, const struct shadow_table *table)
{
    if (table->snapshot.v)
        return hpa_to_ptr(table->snapshot);
    return table->is_synced ? ram_peek(audit->space->ram, table->frame) : NULL;
}

static bool check_leaf(const struct audit *audit, uint32_t number, uint32_t entry, uint64_t leaf)
{
    const struct shadow_table *table = &audit->pool->tables[number];
    const uint32_t *ptes = entries_behind(audit, table);
    uint32_t frame;
    bool is_ram = audit_owns(leaf, AUDIT_RAM, &frame);

    if (!is_ram || (leaf & ~(PTE_ADDRESS | PTE_W | PTE_U | COMPILE_SHARED)) != (AUDIT_ALWAYS | PTE_D))
        return audit_fail(audit, "table %u (frame 0x%x): leaf 0x%x is 0x%lx, no RAM of this guest", number,
                          table->frame, entry, leaf);
    const struct gframe *gframe = &audit->space->ram->frames[frame];
    if (leaf & PTE_W && gframe->flags & GFRAME_TRACED)
        return audit_fail(audit, "table %u (frame 0x%x): leaf 0x%x maps traced frame 0x%x writable", number,
                          table->frame, entry, frame);
    if (leaf & PTE_W && gframe->flags & GFRAME_SHARED)
        return audit_fail(audit, "table %u: leaf 0x%x maps frame 0x%x writable, which is shared", number, entry, frame);
    if ((leaf & PTE_W || gframe->flags & GFRAME_SHARED) && !is_recorded(gframe, number, entry))
        return audit_fail(audit, "table %u: leaf 0x%x of frame 0x%x, writable or shared, is not recorded", number,
                          entry, frame);
    if ((table->is_synced || ptes) && !is_leaf_true(table, ptes ? ptes[entry] : 0, frame, leaf))
        return audit_fail(audit, "table %u (frame 0x%x, role %u) is %s, but leaf 0x%x is 0x%lx and the PTE 0x%x",
                          number, table->frame, table->role, table->is_synced ? "synced" : "known", entry, leaf,
                          ptes ? ptes[entry] : 0);
    return true;
}

/* Every directory that links a table which is not synced must look at it at its next hv_setpd, and counts it. */
static bool check_dirty(const struct audit *audit, uint32_t number)
{
    const struct shadow_table *table = &audit->pool->tables[number];

    /* Each bit is a directory; left & (left - 1) takes the lowest away. */
    for (uint64_t left = table->is_synced ? 0 : table->parents; left; left &= left - 1) {
        unsynced[__builtin_ctzll(left)]++;
        if (!audit->pool->directories[__builtin_ctzll(left)].is_dirty)
            return audit_fail(audit, "directory %u is not dirty, but links table %u, which is unsynced",
                              (unsigned)__builtin_ctzll(left), number);
    }
    return true;
}

static bool check_unsynced(const struct audit *audit)
{
    for (uint32_t i = audit->pool->directory_first; i < SHADOW_DIRECTORIES; i++)
        if (audit->pool->directories[i].unsynced != unsynced[i])
            return audit_fail(audit, "directory %u counts %u unsynced tables, but links %u", i,
                              audit->pool->directories[i].unsynced, unsynced[i]);
    return true;
}

/* The next store to a synced table does not copy it: what is kept must be exact now. */
static bool is_snapshot_true(const struct audit *audit, const struct shadow_table *table)
{
    const void *entries = ram_peek(audit->space->ram, table->frame);

    return !table->is_synced || !table->snapshot.v ||
           (entries && memcmp(hpa_to_ptr(table->snapshot), entries, PAGE_SIZE) == 0);
}

static bool check_table(const struct audit *audit, uint32_t number)
{
    const struct shadow_table *table = &audit->pool->tables[number];

    if (table->parents != linked[number])   /* first: a directory that is not there links nothing */
        return audit_fail(audit, "table %u: parents are 0x%lx, but 0x%lx link it", number, table->parents,
                          linked[number]);
    bool is_good = check_dirty(audit, number);
    if (!is_snapshot_true(audit, table))
        return audit_fail(audit, "table %u (frame 0x%x) is synced, but its snapshot is not what the guest's table says",
                          number, table->frame);
    for (uint32_t half = 0; half < 2; half++) {
        const uint64_t *leaves = table->half[half].v ? hpa_to_ptr(table->half[half]) : NULL;
        for (uint32_t i = 0; is_good && leaves && i < TABLE_ENTRIES; i++)
            is_good = !leaves[i] || check_leaf(audit, number, half * TABLE_ENTRIES + i, leaves[i]);
    }
    return is_good;
}

/* One shadow in the chain of its frame: used, of this frame, no other of the same role. Follows index. */
static bool check_chained(const struct audit *audit, uint32_t frame, uint16_t *index, uint32_t *seen, bool *is_synced)
{
    bool is_directory = *index & SHADOW_IS_DIRECTORY;
    const struct shadow_directory *directory = &audit->pool->directories[*index & (SHADOW_DIRECTORIES - 1)];
    const struct shadow_table *table = &audit->pool->tables[is_directory ? 0 : *index];
    uint32_t role = is_directory ? 1u << (4 + directory->wp) : 1u << table->role;

    if (!(is_directory ? directory->is_used && directory->frame == frame : table->is_used && table->frame == frame))
        return audit_fail(audit, "frame 0x%x: shadow 0x%x in its chain is not its own", frame, *index);
    if (*seen & role)
        return audit_fail(audit, "frame 0x%x: two shadows of one role, or a circle, at 0x%x", frame, *index);
    *seen |= role;
    *is_synced |= is_directory ? directory->is_synced : table->is_synced;
    if (is_directory && !directory->is_synced && !directory->is_dirty)
        return audit_fail(audit, "directory 0x%x is unsynced, but not dirty", *index);
    *index = is_directory ? directory->next : table->next;
    return true;
}

/* Each shadow is in the chain of its frame; a frame is traced if it has a synced one, and only then. */
static bool check_chains(const struct audit *audit)
{
    const struct gspace *space = audit->space;
    uint32_t chained = 0, used = 0;

    for (uint32_t frame = 0; frame < space->ram->frame_count; frame++) {
        uint32_t seen = 0;
        bool is_synced = false;
        for (uint16_t index = space->ram->frames[frame].shadow; index; chained++)
            if (!check_chained(audit, frame, &index, &seen, &is_synced))
                return false;
        if (is_synced != !!(space->ram->frames[frame].flags & GFRAME_TRACED))
            return audit_fail(audit, "frame 0x%x: %s", frame, is_synced ? "has a synced shadow, but is not traced"
                                                                        : "is traced, but has no synced shadow");
    }
    for (uint32_t i = audit->pool->directory_first; i < SHADOW_DIRECTORIES; i++)
        used += audit->pool->directories[i].is_used;
    for (uint32_t i = 1; i <= audit->pool->table_count; i++)
        used += audit->pool->tables[i].is_used;
    return chained == used || audit_fail(audit, "%u shadows are used, but %u chained", used, chained);
}

/* One circle of tables, from its head: each is wanted there, and there are so many. */
static bool check_list(const struct audit *audit, uint32_t head, bool (*is_wanted)(const struct shadow_table *table),
                       const char *what)
{
    const struct shadow_table *tables = audit->pool->tables;
    uint32_t left = 0, previous = head;

    for (uint32_t i = 1; i <= audit->pool->table_count; i++)
        left += is_wanted(&tables[i]);
    for (uint32_t i = tables[head].list_next; i != head; previous = i, i = tables[i].list_next)
        if (!left-- || i > audit->pool->table_count || !is_wanted(&tables[i]) || tables[i].list_previous != previous)
            return audit_fail(audit, "the list of the %s is broken at table %u", what, i);
    if (left || tables[head].list_previous != previous)
        return audit_fail(audit, "%u tables that are %s are in no list", left, what);
    return true;
}

static bool is_unsynced(const struct shadow_table *table)
{
    return table->is_used && !table->is_synced;
}

static bool is_listed_as_kept(const struct shadow_table *table)
{
    return table->is_used && table->is_synced && table->snapshot.v;
}

/* The lists of the unsynced, the kept and the free hold these, and no others. */
static bool check_lists(const struct audit *audit)
{
    const struct shadow_table *tables = audit->pool->tables;
    uint32_t left_free = 0;

    for (uint32_t i = 1; i <= audit->pool->table_count; i++)
        left_free += !tables[i].is_used;
    for (uint32_t i = audit->pool->free_table; i; i = tables[i].next)
        if (!left_free-- || tables[i].is_used)
            return audit_fail(audit, "the list of free tables is broken at table %u", i);
    if (left_free)
        return audit_fail(audit, "%u free tables are in no list", left_free);
    return check_list(audit, 0, is_unsynced, "unsynced") &&
           check_list(audit, audit->pool->table_count + 1, is_listed_as_kept, "kept");
}

/* Snapshots that are kept take no more than what docs/performance.md leaves. */
static bool check_spare(const struct audit *audit)
{
    const struct shadow_pool *pool = audit->pool;
    uint32_t spare = 0, kept = 0;

    for (uint32_t i = pool->directory_first; i < SHADOW_DIRECTORIES; i++)
        for (uint32_t j = 0; j < 4 && pool->directories[i].is_used; j++)
            spare += !pool->directories[i].pd[j].v;
    for (uint32_t i = 1; i <= pool->table_count; i++) {
        const struct shadow_table *table = &pool->tables[i];
        spare += table->is_used ? !table->half[0].v + !table->half[1].v : 0;
        kept += is_listed_as_kept(table);
    }
    if (spare != pool->spare_frames || kept != pool->kept_count || kept > SNAPSHOTS_KEPT + spare)
        return audit_fail(audit, "%u snapshots are kept (count %u) beside %u spare frames (count %u)", kept,
                          pool->kept_count, spare, pool->spare_frames);
    return true;
}

/* As long as the PDE is what the last fault there found, it is linked right, in both halves. */
static bool check_known(const struct audit *audit, uint32_t slot)
{
    uint32_t region = audit->pool->known_regions[slot];
    const struct known_region *known = &audit->pool->known[slot];
    const struct shadow_table *table = &audit->pool->tables[known->first_record >> RMAP_ENTRY_BITS];

    if (region == SHADOW_NO_REGION)
        return true;
    const uint32_t *pdes = ram_peek(audit->space->ram, audit->pool->current->frame);
    const uint64_t *leaves = hpa_to_ptr(table->half[region % 2]);
    if (region % KNOWN_REGIONS != slot || !table->is_used || known->pde_at != &pdes[region / 2] ||
        known->leaves != leaves || known->entries != ram_peek(audit->space->ram, table->frame) ||
        known->snapshot != (table->snapshot.v ? hpa_to_ptr(table->snapshot) : NULL))
        return audit_fail(audit, "what is remembered of region 0x%x is not so", region);
    for (uint32_t half = 0; *known->pde_at == known->pde && half < 2; half++) {
        const uint64_t *link = shadow_pde(audit->space, audit->pool->current, region / 2, half);
        bool is_needed = half == region % 2;
        if (link && *link ? *link != compile_pde(known->pde, audit->space->paging->wp, table->half[half]) : is_needed)
            return audit_fail(audit, "region 0x%x is remembered, but its PDE's link %u is wrong", region, half);
    }
    return true;
}

bool audit_shadows(const struct audit *audit)
{
    const struct gspace *space = audit->space;
    const struct shadow_pool *pool = audit->pool;
    bool is_good = check_chains(audit) && check_lists(audit) && check_spare(audit);

    memset(linked, 0, sizeof(linked));
    memset(unsynced, 0, sizeof(unsynced));
    for (uint32_t i = pool->directory_first; is_good && i < SHADOW_DIRECTORIES; i++)
        is_good = !pool->directories[i].is_used || check_directory(audit, &pool->directories[i]);
    for (uint32_t i = 1; is_good && i <= pool->table_count; i++)
        is_good = !pool->tables[i].is_used || check_table(audit, i);
    is_good = is_good && check_unsynced(audit);
    if (!is_good || !space->paging->is_on)
        return is_good;
    const struct shadow_directory *current = pool->current;
    if (!current || !current->is_used || current->root.v != space->root.v || current->wp != space->paging->wp ||
        current->frame != space->paging->directory.v >> PAGE_SHIFT || pool->pinned)
        return audit_fail(audit, "the current directory is not that of the last hv_setpd, or a table is still pinned");
    for (uint32_t slot = 0; is_good && slot < KNOWN_REGIONS; slot++)
        is_good = check_known(audit, slot);
    return is_good;
}

