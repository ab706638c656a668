/*
 * nested.c - see nested.h (PURE).
 */
#include "vpc/svm/nested.h"

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

/* Where the leaf of a frame is. NULL: there is no table for it; with may_make: memory is out. */
static uint64_t *nested_leaf(const struct nested *nested, uint32_t frame, bool may_make)
{
    uint64_t *table = hpa_to_ptr(nested->root);

    for (unsigned level = 4; level > 1; level--) {
        uint64_t *entry = &table[table_index(guest_address(frame), level)];
        if (!may_make && !(*entry & PTE_P))
            return NULL;
        table = table_descend(entry, TABLE_FLAGS);
        if (table == NULL)
            return NULL;
    }
    return &table[table_index(guest_address(frame), 1)];
}

/* Free what is below an entry, and count it. Bound: *steps. */
static bool free_below(uint64_t *entry, unsigned level, uint32_t *steps, unsigned *freed)
{
    uint64_t *table = table_of(*entry);

    for (unsigned i = 0; level >= LOWEST_DIRECTORY && i < TABLE_ENTRIES; i++)
        if (table[i] & PTE_P && !free_below(&table[i], level - 1, steps, freed))
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
    uint64_t *leaf = nested_leaf(nested, frame, false);

    (void)host_before;
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

bool nested_destroy(struct nested *nested, uint32_t *steps)
{
    unsigned freed = 0;

    if (!nested->root.v)
        return true;
    uint64_t *root = hpa_to_ptr(nested->root);
    if (root[0] & PTE_P && !free_below(&root[0], 3, steps, &freed))
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

bool nested_show(struct nested *nested, uint32_t frame, bool is_write)
{
    hpa_t page = back_or_own(nested, frame, is_write);
    bool may_write = frame != nested->read_only;

    if (!page.v)
        return false;
    uint64_t *leaf = nested_leaf(nested, frame, true);
    if (leaf == NULL && nested_forget(nested))
        leaf = nested_leaf(nested, frame, true);
    if (leaf == NULL)
        return false;
    if (nested->ram->frames[frame].flags & GFRAME_SHARED)
        may_write = false;
    uint64_t shown = page.v | LEAF_FLAGS | (may_write ? PTE_W : 0);
    nested->must_flush |= (*leaf & ~shown) != 0;
    *leaf = shown;
    return true;
}

static bool audit_leaf(const struct nested *nested, uint64_t frame, uint64_t leaf, char *why, size_t why_bytes)
{
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

/* first: the frame that the table's first entry stands for. */
static bool audit_table(const struct nested *nested, const uint64_t *table, unsigned level, uint64_t first, char *why,
                        size_t why_bytes)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        uint64_t frame = first + ((uint64_t)i << 9 * (level - 1));
        if (table[i] == 0)
            continue;
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
