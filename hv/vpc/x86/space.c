/*
 * space.c - what is kept of translations goes when a processor's would, and of an address space comes again (PURE).
 *
 * A load of CR3 drops all translations. Those of the last few spaces are kept, each in a view, and a view is taken as
 * it is where each entry of the guest's tables that anything in it was made of still says the same, A and, for writes,
 * D included: a processor that dropped them all would find the same again, and change nothing. It may do so at any
 * time. Otherwise the view begins anew, with those that the space used before and that the tables still say.
 *
 * Who goes by what lies in GDT, IDT or TSS keeps where that is in the host. Kernels have them at the same place in all
 * spaces, so that a load of CR3 mostly leaves table_generation alone: the pages' translations are compared.
 */
#include "base/string.h"
#include "vpc/x86/access.h"
#include "vpc/x86/fetch.h"
#include "vpc/x86/known_walk.h"
#include "vpc/x86/state.h"

/* Another number for the view: its windows are good no more. After the last they start anew: 0 was never filled. */
static void renew_generation(struct interp *interp)
{
    if (++interp->last_generation == 0) {
        interp->last_generation = 1;
        memset(interp->known_walks, 0, sizeof(interp->known_walks));
        for (unsigned i = 0; i < VIEWS; i++) {
            struct view *view = &interp->views[i];
            view->is_loose = true;
            memset(view->windows_supervisor, 0, sizeof(view->windows_supervisor));
            memset(view->windows_user, 0, sizeof(view->windows_user));
            memset(view->gates, 0, sizeof(view->gates));
            view->back.generation = 0;
        }
    }
    interp->generation = interp->view->generation = interp->last_generation;
}

/* Code and stack may lie elsewhere, or be gone. */
static void close_windows(struct interp *interp)
{
    interp->flushes++;
    state_close_window(interp);
    state_close_stack(interp);
}

void state_forget_tables(struct interp *interp)
{
    interp->table_count = 0;
    if (++interp->table_generation != 0)
        return;
    interp->table_generation = 1;
    memset(interp->known_segments, 0, sizeof(interp->known_segments));
    memset(interp->known_gates, 0, sizeof(interp->known_gates));
    for (unsigned i = 0; i < VIEWS; i++)
        interp->views[i].table_generation = interp->views[i].back.table_generation = 0;
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

static void clear_view(struct view *view)
{
    bool is_known = view->filled_count <= FILLED_MAX;
    unsigned count = is_known ? view->filled_count : 2 * SOFTTLB_ENTRIES;

    for (unsigned i = 0; i < count; i++) {
        struct softtlb_entry *entry = &view->tlbs[is_known ? view->filled[i] : i];
        entry->read_page = entry->write_page = SOFTTLB_NONE;
    }
    view->filled_count = 0;
    for (unsigned i = 0; i < LARGE_PAGES / 64; i++)
        view->large_pages[i] = 0;
    view->check_count = 0;
    view->is_loose = false;
    view->table_generation = 0;
}

/* The space that CR3 names, with what is known of it and still so, into a view that has nothing. */
static void enter_space(struct interp *interp)
{
    uint32_t directory = interp->view->directory;
    struct space *space = &interp->spaces[directory >> PAGE_SHIFT & (SPACES - 1)];
    unsigned kept = 0;

    interp->space = space;
    if (space->directory != directory || space->is_crowded)
        *space = (struct space){ .directory = directory };
    for (unsigned i = 0; i < space->count; i++) {
        uint8_t number = space->walks[i];
        struct known_walk *known = &interp->known_walks[number];
        if (known->question >> 32 != directory || !known_walk_stands(interp, known)) {
            space->has[number >> 6] &= ~(1ull << (number & 63));
            continue;
        }
        space->walks[kept++] = number;
        known_walk_take(interp, known);
    }
    space->count = (uint8_t)kept;
}

static ALWAYS_INLINE struct view *find_view(struct interp *interp, uint32_t directory)
{
    for (unsigned i = 0; i < VIEWS; i++) {
        if (interp->views[i].directory == directory)
            return &interp->views[i];
    }
    return NULL;
}

/* Do the tables say what they said? */
static ALWAYS_INLINE bool view_stands(const struct interp *interp, const struct view *view)
{
    const struct table_check *check = view->checks, *end = check + view->check_count;

    if (view->walk_generation != interp->walk_generation || view->is_loose)
        return false;
    for (; check < end; check++) {
        if (load(check->at, 4) != check->value)
            return false;
    }
    return true;
}

/* The view of a space anew; NULL: it has none, and takes another one's. */
static __attribute__((noinline)) void make_view(struct interp *interp, struct view *view, uint32_t directory)
{
    if (view == NULL)
        view = &interp->views[interp->next_view++ % VIEWS];
    clear_view(view);
    view->directory = directory;
    view->walk_generation = interp->walk_generation;
    interp->view = view;
    renew_generation(interp);
    enter_space(interp);
}

/* Tables may lie elsewhere than in the space before; of a view that stands it is known already. */
static void look_for_tables(struct interp *interp)
{
    struct view *view = interp->view;

    if (view->table_generation == interp->table_generation && view->table_count == interp->table_count)
        return;
    if (!are_tables_there(interp))
        state_forget_tables(interp);
    view->table_generation = interp->table_generation;
    view->table_count = interp->table_count;
}

void state_change_space(struct interp *interp)
{
    uint32_t directory = interp->cpu.cr3 & ~PAGE_MASK;
    struct view *view = find_view(interp, directory);

    close_windows(interp);
    if (view == NULL || !view_stands(interp, view)) {
        make_view(interp, view, directory);
    } else {
        interp->view = view;
        interp->generation = view->generation;
        interp->space = &interp->spaces[directory >> PAGE_SHIFT & (SPACES - 1)];
    }
    state_refresh_rights(interp);
    look_for_tables(interp);
}

void state_forget_translations(struct interp *interp)
{
    if (++interp->walk_generation == 0) {       /* as in renew_generation */
        interp->walk_generation = 1;
        memset(interp->known_walks, 0, sizeof(interp->known_walks));
        memset(interp->table_frames, 0, sizeof(interp->table_frames));
        for (unsigned i = 0; i < VIEWS; i++)
            interp->views[i].walk_generation = 0;
    }
    state_change_space(interp);
}

void state_forget_page(struct interp *interp, uint32_t linear)
{
    /*
     * INVLPG of any address in a 4 MiB page drops all of it. Copies do not know which of them came of it: all go, but
     * only where there are some.
     */
    if (interp->view->large_pages[linear >> 28] >> (linear >> 22 & 63) & 1) {
        state_forget_translations(interp);
        return;
    }
    for (unsigned is_user = 0; is_user < 2; is_user++) {
        struct softtlb_entry *entry = softtlb_slot(softtlb_of(interp, is_user), linear);
        entry->read_page = entry->write_page = SOFTTLB_NONE;
    }
    close_windows(interp);
    renew_generation(interp);
    if (is_noted(interp, linear & ~PAGE_MASK))
        state_forget_tables(interp);
}

SELDOM void code_window_renew(struct interp *interp, struct kept_window *kept)
{
    uint32_t linear = interp->cpu.segments[SEG_CS].base + kept->window.first_eip;
    const struct softtlb_entry *entry = softtlb_slot(interp->tlb, linear);

    if (entry->read_page != (linear & ~PAGE_MASK))
        access_refill(interp, linear, interp->cpu.cpl == 3);
    if (entry->read_page == (linear & ~PAGE_MASK) &&
        entry->delta + linear - kept->window.first_eip == kept->window.delta)
        kept->generation = interp->generation;
}
