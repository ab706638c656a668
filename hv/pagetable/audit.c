/*
 * audit.c - check the invariants of shadow paging by looking at everything (PURE); audit.h lists them.
 *
 * First each host frame of the space gets its owner; then whatever an entry leads to can be looked up. Nothing of the
 * code that is audited is used to find things, but the plain structures: a mistake in a lookup must not hide itself. It
 * takes milliseconds a time, and is for unit tests and the build that checks; the first broken rule is told, with its
 * numbers.
 */
#include "pagetable/audit.h"

#include <stdarg.h>

#include "base/check.h"
#include "base/format.h"
#include "base/string.h"
#include "pagetable/audit_parts.h"
#include "pagetable/host_table.h"
#include "pagetable/hvmap.h"
#include "pagetable/owners.h"

#define UPPER_HALF (TABLE_ENTRIES / 2)

/*
 * What host frames are used for: kind above, index below. 0: a frame is not this space's. A frame with two uses is the
 * worst that could happen, a guest that writes to page tables: claim finds it before anything else is looked at.
 */
#define OWNER_SHIFT 28u
static uint32_t owners[AUDIT_TOP_BYTES >> PAGE_SHIFT];

bool audit_fail(const struct audit *audit, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_string_v(audit->why, audit->why_bytes, format, arguments);
    va_end(arguments);
    return false;
}

bool audit_owns(uint64_t entry, enum audit_owner kind, uint32_t *index)
{
    uint64_t number = (entry & PTE_ADDRESS) >> PAGE_SHIFT;
    uint32_t owner = number < sizeof(owners) / sizeof(owners[0]) ? owners[number] : 0;

    *index = owner & ((1u << OWNER_SHIFT) - 1);
    return owner >> OWNER_SHIFT == (uint32_t)kind;
}

typedef bool visit_frame(const struct audit *audit, hpa_t frame, uint32_t owner);

static bool claim(const struct audit *audit, hpa_t frame, uint32_t owner)
{
    uint64_t number = frame.v >> PAGE_SHIFT;

    if (frame.v & PAGE_MASK || frame.v >= AUDIT_TOP_BYTES)
        return audit_fail(audit, "host frame 0x%lx (owner 0x%x) is none", frame.v, owner);
    if (owners[number])
        return audit_fail(audit, "host frame 0x%lx has two uses: 0x%x and 0x%x", frame.v, owners[number], owner);
    owners[number] = owner;
    return true;
}

static bool release(const struct audit *audit, hpa_t frame, uint32_t owner)
{
    (void)audit, (void)owner;
    if (frame.v < AUDIT_TOP_BYTES)
        owners[frame.v >> PAGE_SHIFT] = 0;
    return true;
}

static uint32_t owner_make(enum audit_owner kind, uint32_t index)
{
    return (uint32_t)kind << OWNER_SHIFT | index;
}

/* Frames of a root made by bootvm. */
static bool visit_boot(const struct audit *audit, visit_frame *visit)
{
    const uint64_t *root = hpa_to_ptr(audit->space->root);
    uint32_t owner = owner_make(AUDIT_BOOT, 0);
    bool is_good = visit(audit, audit->space->root, owner);

    if (!(root[0] & PTE_P))
        return is_good;
    const uint64_t *pdpt = table_of(root[0]);
    is_good = is_good && visit(audit, HPA(root[0] & PTE_ADDRESS), owner);
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        const uint64_t *pd = pdpt[i] & PTE_P ? table_of(pdpt[i]) : NULL;
        is_good = is_good && (!pd || visit(audit, HPA(pdpt[i] & PTE_ADDRESS), owner));
        for (unsigned j = 0; pd && j < TABLE_ENTRIES; j++)
            is_good = is_good && (!(pd[j] & PTE_P) || visit(audit, HPA(pd[j] & PTE_ADDRESS), owner));
    }
    return is_good;
}

static bool visit_directory(const struct audit *audit, visit_frame *visit, const struct shadow_directory *directory)
{
    uint32_t owner = owner_make(AUDIT_DIRECTORY, (uint32_t)(directory - audit->pool->directories));
    bool is_good = visit(audit, directory->root, owner) && visit(audit, directory->pdpt, owner);

    for (unsigned i = 0; i < 4; i++)
        is_good = is_good && (!directory->pd[i].v || visit(audit, directory->pd[i], owner));
    return is_good;
}

static bool visit_table(const struct audit *audit, visit_frame *visit, uint32_t number)
{
    const struct shadow_table *table = &audit->pool->tables[number];
    bool is_good = !table->snapshot.v || visit(audit, table->snapshot, owner_make(AUDIT_SNAPSHOT, number));

    for (uint32_t half = 0; is_good && half < 2; half++)
        is_good = !table->half[half].v || visit(audit, table->half[half], owner_make(AUDIT_HALF, number * 2 + half));
    return is_good;
}

/* Every host frame that the space owns, until one is not good. */
static bool visit_all(const struct audit *audit, visit_frame *visit)
{
    const struct gspace *space = audit->space;
    const struct shadow_pool *pool = audit->pool;
    uint32_t backed = 0, shared = 0;
    bool is_good = space->paging->is_on || visit_boot(audit, visit);

    for (uint32_t i = 0; is_good && i < space->ram->frame_count; i++) {
        hpa_t host = HPA((uint64_t)space->ram->frames[i].host << PAGE_SHIFT);
        backed += host.v != 0;
        shared += host.v && space->ram->frames[i].flags & GFRAME_SHARED;
        is_good = !host.v || visit(audit, host, owner_make(AUDIT_RAM, i));
    }
    for (uint32_t i = pool ? pool->directory_first : 0; is_good && pool && i < SHADOW_DIRECTORIES; i++)
        is_good = !pool->directories[i].is_used || visit_directory(audit, visit, &pool->directories[i]);
    for (uint32_t i = 1; is_good && pool && i <= pool->table_count; i++)
        is_good = visit_table(audit, visit, i);
    if (is_good && backed != space->ram->backed_count)
        return audit_fail(audit, "backed_count is %u, but %u frames are backed", space->ram->backed_count, backed);
    if (is_good && shared != space->ram->shared_count)
        return audit_fail(audit, "shared_count is %u, but %u frames are shared", space->ram->shared_count, shared);
    return is_good;
}

bool audit_root(const struct audit *audit, hpa_t root, hpa_t pdpt)
{
    static uint64_t wanted[TABLE_ENTRIES];
    const uint64_t *entries = hpa_to_ptr(root);

    if ((entries[0] & PTE_ADDRESS) != pdpt.v || (entries[0] & PTE_P) != (pdpt.v != 0))
        return audit_fail(audit, "root 0x%lx: PML4[0] is 0x%lx, its PDPT 0x%lx", root.v, entries[0], pdpt.v);
    for (unsigned i = 1; i < UPPER_HALF; i++)
        if (entries[i])
            return audit_fail(audit, "root 0x%lx: PML4[%u] is 0x%lx", root.v, i, entries[i]);
    hvmap_share_upper(wanted);
    if (memcmp(&entries[UPPER_HALF], &wanted[UPPER_HALF], UPPER_HALF * sizeof(wanted[0])) != 0)
        return audit_fail(audit, "root 0x%lx: its upper half is not the hypervisor's", root.v);
    return true;
}

/* Paging is off: RAM one to one, for guest kernel only. */
static bool check_boot(const struct audit *audit)
{
    const uint64_t *root = hpa_to_ptr(audit->space->root);
    const uint64_t *pdpt = root[0] & PTE_P ? table_of(root[0]) : NULL;
    bool is_good = audit_root(audit, audit->space->root, HPA(pdpt ? root[0] & PTE_ADDRESS : 0));

    for (uint64_t page = 0; is_good && pdpt && page < 1ull << 20; page++) {
        uint64_t linear = page << PAGE_SHIFT, pdpte = pdpt[table_index(linear, 3)];
        uint64_t pde = pdpte & PTE_P ? table_of(pdpte)[table_index(linear, 2)] : 0;
        uint64_t leaf = pde & PTE_P ? table_of(pde)[table_index(linear, 1)] : 0;
        uint32_t frame;
        bool is_ram = audit_owns(leaf, AUDIT_RAM, &frame);
        bool is_shared = is_ram && audit->space->ram->frames[frame].flags & GFRAME_SHARED;
        if (leaf && (!is_ram || leaf & PTE_U || (is_shared && leaf & PTE_W) ||
                     linear != gspace_linear(audit->space, GVA(frame << PAGE_SHIFT))))
            return audit_fail(audit, "paging is off: the leaf of linear 0x%lx is 0x%lx", linear, leaf);
        if (!pde)
            page |= TABLE_ENTRIES - 1;
    }
    return is_good;
}

bool audit_space(const struct gspace *space, char *why, size_t why_bytes)
{
    struct audit audit = { .space = space, .pool = space->shadows, .why = why, .why_bytes = why_bytes };
    bool is_good = visit_all(&audit, claim) && (space->paging->is_on || check_boot(&audit)) &&
                   (!space->shadows || audit_shadows(&audit));

    audit.why_bytes = 0;    /* the first reason stays */
    visit_all(&audit, release);
    return is_good;
}

/* What owners.h should count, by host frame: all owners, from all RAM that shares. */
static uint16_t owner_counts[AUDIT_TOP_BYTES >> PAGE_SHIFT];

/* The next frame that may be backed: pages of records that are not there are passed over, for there are many. */
static uint32_t next_frame(const struct ram *ram, uint32_t frame)
{
    while (frame < ram->frame_count && ram->frames[frame].flags & GFRAME_ABSENT)
        frame = (frame / RAM_PAGE_RECORDS + 1) * RAM_PAGE_RECORDS;
    return frame;
}

/* Count each frame, or take the count away. */
static void count_owners(int by)
{
    for (const struct ram *ram = ram_first_sharing(); ram; ram = ram->next_sharing)
        for (uint32_t i = ram->destroyed_count; (i = next_frame(ram, i)) < ram->frame_count; i++)
            if (ram->frames[i].host)
                owner_counts[ram->frames[i].host] += by;
}

/* A frame has as many owners as are counted, and where it has several, each of them knows. */
static bool check_owners(const struct audit *audit, const struct gframe *gframe)
{
    bool is_shared = gframe->flags & GFRAME_SHARED;
    uint32_t beyond = is_shared ? owners_count_others(gframe->host) : 0;

    return owner_counts[gframe->host] == beyond + 1 ||
           audit_fail(audit, "host frame 0x%x has %u owners; %u beyond the first are counted, and it is %sshared",
                      gframe->host, owner_counts[gframe->host], beyond, is_shared ? "" : "not ");
}

bool audit_owners(char *why, size_t why_bytes)
{
    struct audit audit = { .why = why, .why_bytes = why_bytes };
    bool is_good = true;

    count_owners(1);
    for (const struct ram *ram = ram_first_sharing(); is_good && ram; ram = ram->next_sharing)
        for (uint32_t i = ram->destroyed_count; is_good && (i = next_frame(ram, i)) < ram->frame_count; i++)
            is_good = !ram->frames[i].host || check_owners(&audit, &ram->frames[i]);
    count_owners(-1);
    return is_good;
}

#ifdef COBBLE_AUDIT
void audit_check(const struct gspace *space)
{
    char why[160];

    if (!audit_space(space, why, sizeof(why)) || !audit_owners(why, sizeof(why)))
        panic("audit: %s", why);
}
#endif
