/*
 * space.c - what is kept of translations goes when a processor's would, and of an address space comes again (PURE).
 *
 * A load of CR3 drops all translations. Those that the new space used when it was loaded last are made again at once,
 * where the guest's tables still say the same: A and, for writes, D are set, so a walk would change nothing. A
 * processor may do so at any time.
 *
 * Who goes by what lies in GDT, IDT or TSS keeps where that is in the host. Kernels have them at the same place in all
 * spaces, so that a load of CR3 mostly leaves table_generation alone: the pages' translations are compared.
 */
#include "base/string.h"
#include "vpc/x86/access.h"
#include "vpc/x86/fetch.h"
#include "vpc/x86/known_walk.h"
#include "vpc/x86/state.h"

/* Code and stack may lie elsewhere, or be gone. Numbers start anew after the last: 0 is what was never filled. */
static void forget_windows(struct interp *interp)
{
    state_close_window(interp);
    state_close_stack(interp);
    if (++interp->generation != 0)
        return;
    interp->generation = 1;
    memset(interp->windows_supervisor, 0, sizeof(interp->windows_supervisor));
    memset(interp->windows_user, 0, sizeof(interp->windows_user));
    memset(interp->known_gates, 0, sizeof(interp->known_gates));
}

void state_forget_tables(struct interp *interp)
{
    interp->table_count = 0;
    if (++interp->table_generation != 0)
        return;
    interp->table_generation = 1;
    memset(interp->known_segments, 0, sizeof(interp->known_segments));
    memset(interp->known_gates, 0, sizeof(interp->known_gates));
}

static bool is_noted(const struct interp *interp, uint32_t page)
{
    for (unsigned i = 0; i < interp->table_count; i++) {
        if (interp->tables[i].page == page)
            return true;
    }
    return false;
}

bool state_note_table(struct interp *interp, uint32_t linear)
{
    uint32_t page = linear & ~PAGE_MASK;
    uintptr_t delta = softtlb_slot(softtlb_of(interp, false), page)->delta;

    if (is_noted(interp, page))
        return true;
    if (interp->table_count == TABLE_PAGES)
        return false;
    interp->tables[interp->table_count++] = (struct table_page){ .page = page, .delta = delta };
    return true;
}

/* Do all tables lie where they lay? */
static bool are_tables_there(struct interp *interp)
{
    for (unsigned i = 0; i < interp->table_count; i++) {
        const struct table_page *table = &interp->tables[i];
        const struct softtlb_entry *entry = softtlb_slot(softtlb_of(interp, false), table->page);

        if (entry->read_page != table->page)
            known_walk_fill(interp, table->page, false);
        if (entry->read_page != table->page || entry->delta != table->delta)
            return false;
    }
    return true;
}

static void clear_tlbs(struct interp *interp)
{
    bool is_known = interp->filled_count <= FILLED_MAX;
    unsigned count = is_known ? interp->filled_count : 2 * SOFTTLB_ENTRIES;

    for (unsigned i = 0; i < count; i++) {
        struct softtlb_entry *entry = &interp->tlbs[is_known ? interp->filled[i] : i];
        entry->read_page = entry->write_page = SOFTTLB_NONE;
    }
    interp->filled_count = 0;
    for (unsigned i = 0; i < LARGE_PAGES / 64; i++)
        interp->large_pages[i] = 0;
}

/* The space that CR3 names, with what is known of it and still so. */
static void enter_space(struct interp *interp)
{
    uint32_t directory = interp->cpu.cr3 & ~PAGE_MASK;
    struct space *space = &interp->spaces[directory >> PAGE_SHIFT & (SPACES - 1)];
    unsigned kept = 0;

    interp->space = space;
    if (space->directory != directory || space->is_crowded)
        *space = (struct space){ .directory = directory };
    for (unsigned i = 0; i < space->count; i++) {
        struct known_walk *known = &interp->known_walks[space->walks[i]];
        if (known->question >> 32 != directory || !known_walk_stands(interp, known))
            continue;
        known_walk_take(interp, known);
        known->joined = interp->generation;
        space->walks[kept++] = space->walks[i];
    }
    space->count = (uint8_t)kept;
}

void state_change_space(struct interp *interp)
{
    clear_tlbs(interp);
    forget_windows(interp);
    enter_space(interp);
    if (!are_tables_there(interp))
        state_forget_tables(interp);
}

void state_forget_translations(struct interp *interp)
{
    if (++interp->walk_generation == 0) {       /* as in forget_windows */
        interp->walk_generation = 1;
        memset(interp->known_walks, 0, sizeof(interp->known_walks));
        memset(interp->table_frames, 0, sizeof(interp->table_frames));
    }
    state_change_space(interp);
}

void state_forget_page(struct interp *interp, uint32_t linear)
{
    /*
     * INVLPG of any address in a 4 MiB page drops all of it. Copies do not know which of them came of it: all go, but
     * only where there are some.
     */
    if (interp->large_pages[linear >> 28] >> (linear >> 22 & 63) & 1) {
        state_forget_translations(interp);
        return;
    }
    for (unsigned is_user = 0; is_user < 2; is_user++) {
        struct softtlb_entry *entry = softtlb_slot(softtlb_of(interp, is_user), linear);
        entry->read_page = entry->write_page = SOFTTLB_NONE;
    }
    forget_windows(interp);
    if (is_noted(interp, linear & ~PAGE_MASK))
        state_forget_tables(interp);
}

SELDOM void code_window_renew(struct interp *interp, struct kept_window *kept)
{
    uint32_t base = interp->cpu.segments[SEG_CS].base, linear = base + kept->window.first_eip;
    const struct softtlb_entry *entry = softtlb_slot(interp->tlb, linear);

    if (entry->read_page != (linear & ~PAGE_MASK))
        access_refill(interp, linear, interp->cpu.cpl == 3);
    if (entry->read_page == (linear & ~PAGE_MASK) && entry->delta + base == kept->window.delta)
        kept->generation = interp->generation;
}
