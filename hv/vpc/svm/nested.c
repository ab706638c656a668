/*
 * nested.c - see nested.h (PURE).
 */
#include "vpc/svm/nested.h"

#include "base/check.h"
#include "base/format.h"
#include "base/frames.h"
#include "cpu/x86.h"
#include "pagetable/host_table.h"

/* Accesses of a guest count as a user's: APM vol. 2 "Nested Paging". A and D are set, so that no walk must. */
#define TABLE_FLAGS PTE_U
#define LEAF_FLAGS (PTE_P | PTE_U | PTE_A | PTE_D)
#define LOWEST_DIRECTORY 2u

static uint64_t guest_address(uint32_t frame)
{
    return (uint64_t)frame << PAGE_SHIFT;
}

/* The entry for a frame of a table of that level. NULL: there is no such table; with may_make: memory is out. */
static uint64_t *nested_entry(const struct nested *nested, uint32_t frame, unsigned of_level, bool may_make)
{
    uint64_t *table = hpa_to_ptr(nested->root);

    for (unsigned level = 4; level > of_level; level--) {
        uint64_t *entry = &table[table_index(guest_address(frame), level)];
        if (!may_make && !(*entry & PTE_P))
            return NULL;
        table = table_descend(entry, TABLE_FLAGS);
        if (table == NULL)
            return NULL;
    }
    return &table[table_index(guest_address(frame), of_level)];
}

/* The same with tables made, for which others may go. */
static uint64_t *make_entry(struct nested *nested, uint32_t frame, unsigned of_level)
{
    uint64_t *entry = nested_entry(nested, frame, of_level, true);

    return entry == NULL && nested_forget(nested) ? nested_entry(nested, frame, of_level, true) : entry;
}

/* Where the leaf of a frame is, of either size. NULL: there is no table for it. */
static uint64_t *find_nested_leaf(const struct nested *nested, uint32_t frame)
{
    uint64_t *entry = nested_entry(nested, frame, LOWEST_DIRECTORY, false);

    return entry == NULL || *entry & PTE_PS ? entry : nested_entry(nested, frame, 1, false);
}

/* Free what is below an entry, and count it. Bound: *steps. */
static bool free_below(uint64_t *entry, unsigned level, uint32_t *steps, unsigned *freed)
{
    uint64_t *table = table_of(*entry);

    for (unsigned i = 0; level >= LOWEST_DIRECTORY && i < TABLE_ENTRIES; i++)
        if ((table[i] & (PTE_P | PTE_PS)) == PTE_P && !free_below(&table[i], level - 1, steps, freed))
            return false;
    if (*steps == 0)
        return false;
    --*steps;
    ++*freed;
    frames_free(HPA(*entry & PTE_ADDRESS));
    *entry = 0;
    return true;
}

bool nested_forget(struct nested *nested)
{
    uint64_t *root = nested->root.v ? hpa_to_ptr(nested->root) : NULL;
    uint32_t steps = UINT32_MAX;
    unsigned freed = 0;

    if (root == NULL || !(root[0] & PTE_P))
        return false;
    nested->must_flush = true;
    return free_below(&root[0], 3, &steps, &freed) && freed > 0;
}

bool nested_show_device(struct nested *nested, uint32_t frame, hpa_t page)
{
    uint64_t *leaf = make_entry(nested, frame, 1);

    if (leaf == NULL)
        return false;
    nested->device_frame = frame;
    nested->device_page = page;
    *leaf = page.v | LEAF_FLAGS;
    return true;
}

void nested_hide_device(struct nested *nested)
{
    uint64_t *leaf = nested->device_page.v ? find_nested_leaf(nested, nested->device_frame) : NULL;

    nested->device_page = HPA_NONE;
    if (leaf == NULL || !(*leaf & PTE_P))
        return;
    *leaf = 0;
    nested->must_flush = true;
}

static bool nested_give_back(void *view)
{
    return nested_forget(view);
}

/* Nothing of this view is kept but leaves: no frame of it is traced. */
static void nested_untrace(void *view, uint32_t frame)
{
    (void)view;
    (void)frame;
}

static void nested_moved(void *view, uint32_t frame, uint32_t host_before)
{
    struct nested *nested = view;
    uint64_t *leaf = find_nested_leaf(nested, frame);

    (void)host_before;
    nested->move_count++;
    if (leaf != NULL && *leaf & PTE_P) {
        *leaf = 0;
        nested->must_flush = true;
    }
}

static const struct ram_view nested_view = {
    .untrace = nested_untrace, .give_back = nested_give_back, .moved = nested_moved,
};

bool nested_create(struct nested *nested, struct ram *ram, uint32_t read_only)
{
    *nested = (struct nested){ .ram = ram, .root = table_alloc(), .read_only = read_only };
    if (!nested->root.v)
        return false;
    ram->asks = &nested_view;
    ram->view = nested;
    return true;
}

bool nested_drop(struct nested *nested, uint32_t *steps)
{
    uint64_t *root = hpa_to_ptr(nested->root);
    unsigned freed = 0;

    nested->must_flush = true;
    return !(root[0] & PTE_P) || free_below(&root[0], 3, steps, &freed);
}

bool nested_destroy(struct nested *nested, uint32_t *steps)
{
    if (!nested->root.v)
        return true;
    if (!nested_drop(nested, steps))
        return false;
    frames_free(nested->root);
    nested->root = HPA_NONE;
    nested->ram->asks = NULL;
    return true;
}

/* The frame itself, before its tables: what it costs may be had of them. HPA_NONE: memory is out. */
static hpa_t back_or_own(struct nested *nested, uint32_t frame, bool is_write)
{
    hpa_t page = ram_back(nested->ram, frame);

    if (page.v && is_write && nested->ram->frames[frame].flags & GFRAME_SHARED)
        page = ram_own(nested->ram, frame);
    return page;
}

/* Do the frames of a large leaf lie in a row, where one may, with nobody else's among them? */
static bool is_whole(const struct ram *ram, uint32_t first)
{
    uint32_t host = ram->frames[first].host;

    if (host == 0 || host % LARGE_PAGE_FRAMES != 0)
        return false;
    for (uint32_t i = 0; i < LARGE_PAGE_FRAMES; i++)
        if (ram->frames[first + i].host != host + i || ram->frames[first + i].flags & GFRAME_SHARED)
            return false;
    return true;
}

/* The first of the frames that a large leaf would show with this. */
static uint32_t first_of_large(uint32_t frame)
{
    return frame & ~(LARGE_PAGE_FRAMES - 1);
}

/*
 * Is a large leaf possible here, and not decided yet? Who has a table for the place keeps it, so frames are looked
 * through once a table. What is read-only is so by itself.
 */
static bool may_be_large(const struct nested *nested, uint32_t frame)
{
    uint32_t first = first_of_large(frame), count = nested->ram->frame_count;
    const uint64_t *entry = nested_entry(nested, frame, LOWEST_DIRECTORY, false);

    return !nested->in_small && count >= LARGE_PAGE_FRAMES && first <= count - LARGE_PAGE_FRAMES &&
           first != first_of_large(nested->read_only) && (entry == NULL || *entry == 0);
}

static bool is_large(const struct nested *nested, uint32_t frame)
{
    const uint64_t *entry = nested_entry(nested, frame, LOWEST_DIRECTORY, false);

    return entry != NULL && *entry & PTE_PS;
}

static bool show_large(struct nested *nested, uint32_t first)
{
    uint64_t *entry = make_entry(nested, first, LOWEST_DIRECTORY);

    if (entry == NULL)
        return false;
    *entry = (uint64_t)nested->ram->frames[first].host << PAGE_SHIFT | LEAF_FLAGS | PTE_W | PTE_PS;
    return true;
}

bool nested_show(struct nested *nested, uint32_t frame, bool is_write)
{
    uint32_t first = first_of_large(frame);

    if (may_be_large(nested, frame) && (is_whole(nested->ram, first) || ram_back_large(nested->ram, first)))
        return show_large(nested, first);
    if (is_large(nested, frame))
        return true;
    hpa_t page = back_or_own(nested, frame, is_write);
    bool may_write = frame != nested->read_only;

    if (!page.v)
        return false;
    uint64_t *leaf = make_entry(nested, frame, 1);
    if (leaf == NULL)
        return false;
    if (nested->ram->frames[frame].flags & GFRAME_SHARED)
        may_write = false;
    uint64_t shown = page.v | LEAF_FLAGS | (may_write ? PTE_W : 0);
    nested->must_flush |= (*leaf & ~shown) != 0;
    *leaf = shown;
    return true;
}

void nested_guard(struct nested *nested, uint32_t frame)
{
    uint64_t *leaf = find_nested_leaf(nested, frame);

    if (leaf == NULL || !(*leaf & PTE_W))
        return;
    *leaf &= ~(uint64_t)PTE_W;
    nested->must_flush = true;
}

static bool audit_leaf(const struct nested *nested, uint64_t frame, uint64_t leaf, char *why, size_t why_bytes)
{
    if (frame == nested->device_frame && nested->device_page.v && leaf == (nested->device_page.v | LEAF_FLAGS))
        return true;
    bool is_ram = frame < nested->ram->frame_count;
    const struct gframe *record = is_ram ? &nested->ram->frames[frame] : NULL;
    bool may_write = is_ram && frame != nested->read_only && !(record->flags & GFRAME_SHARED);

    if (is_ram && record->host != 0 && (leaf & PTE_ADDRESS) == (uint64_t)record->host << PAGE_SHIFT &&
        (leaf & ~PTE_ADDRESS & ~PTE_W) == LEAF_FLAGS && (may_write || !(leaf & PTE_W)))
        return true;
    format_string(why, why_bytes, "nested leaf of frame 0x%lx is 0x%lx, its host frame 0x%x", (unsigned long)frame,
                  (unsigned long)leaf, is_ram ? record->host : 0);
    return false;
}

/* A large leaf is as good as 512 small ones that say the same. */
static bool audit_large(const struct nested *nested, uint64_t first, uint64_t leaf, char *why, size_t why_bytes)
{
    for (uint64_t i = 0; i < LARGE_PAGE_FRAMES; i++)
        if (!audit_leaf(nested, first + i, (leaf & ~PTE_PS) + (i << PAGE_SHIFT), why, why_bytes))
            return false;
    return true;
}

/* first: the frame that the table's first entry stands for. */
static bool audit_table(const struct nested *nested, const uint64_t *table, unsigned level, uint64_t first, char *why,
                        size_t why_bytes)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        uint64_t frame = first + ((uint64_t)i << 9 * (level - 1));
        if (table[i] == 0)
            continue;
        if (level == LOWEST_DIRECTORY && table[i] & PTE_PS) {
            if (!audit_large(nested, frame, table[i], why, why_bytes))
                return false;
            continue;
        }
        if (level > 1 ? !audit_table(nested, table_of(table[i]), level - 1, frame, why, why_bytes)
                      : !audit_leaf(nested, frame, table[i], why, why_bytes))
            return false;
    }
    return true;
}

bool nested_audit(const struct nested *nested, char *why, size_t why_bytes)
{
    return audit_table(nested, hpa_to_ptr(nested->root), 4, 0, why, why_bytes);
}

#ifdef COBBLE_AUDIT
void nested_check(const struct nested *nested)
{
    char why[160];

    if (!nested_audit(nested, why, sizeof(why)))
        panic("audit: %s", why);
}
#endif
