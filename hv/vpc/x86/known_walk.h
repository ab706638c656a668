/*
 * known_walk.h - translations that outlive a load of CR3, as long as the guest's tables still say so (PURE, inline):
 * struct known_walk.
 *
 * A guest that changes tasks comes back to the same pages by the same entries. Each is looked at again, with the load
 * of CR3 (space.c) or at the first access, as by a walk, so nothing is kept that a processor would have to forget; only
 * what follows from it is not worked out again: rights, A and D, which were set, and where frames lie in the host.
 */
#ifndef VPC_X86_KNOWN_WALK_H
#define VPC_X86_KNOWN_WALK_H

#include "vpc/x86/access.h"
#include "vpc/x86/pagewalk.h"
#include "vpc/x86/state.h"

#define KNOWN_WALK_OF_USER 1u

/* Directory and page, whose low bits are none of a question; never 0. */
static ALWAYS_INLINE uint64_t known_walk_question(const struct interp *interp, uint32_t linear, bool is_user)
{
    return (uint64_t)(interp->cpu.cr3 & ~PAGE_MASK) << 32 | (linear & ~PAGE_MASK) | 2 |
           (is_user ? KNOWN_WALK_OF_USER : 0);
}

/*
 * Two tasks have most pages at the same addresses, and by directories that lie near each other. Pages of one task that
 * share an entry of the small table, as they lie a power of two apart, should be known both.
 */
static ALWAYS_INLINE struct known_walk *known_walk_slot(struct interp *interp, uint64_t question)
{
    uint32_t page = (uint32_t)question >> PAGE_SHIFT;
    uint64_t number = page + (page >> 8) * 5 + (question >> (32 + PAGE_SHIFT)) * 24 +
                      (question & KNOWN_WALK_OF_USER) * (KNOWN_WALKS / 2);

    return &interp->known_walks[number & (KNOWN_WALKS - 1)];
}

/* Do the entries stand as they stood, where they stood? */
static ALWAYS_INLINE bool known_walk_stands(const struct interp *interp, const struct known_walk *known)
{
    return known->generation == interp->walk_generation && load(known->pde_at, 4) == known->pde &&
           load(known->pte_at, 4) == known->pte;
}

/*
 * The view of CR3 hangs on an entry of the tables: who comes back to the view looks at that again. One that is noted
 * twice, as another was noted in its place of the index meanwhile, is looked at twice.
 */
static ALWAYS_INLINE void view_note_check(struct view *view, const void *at, uint32_t value)
{
    uint8_t *number = &view->check_at[(uintptr_t)at / 4 & (VIEW_CHECKS - 1)];
    struct table_check *check = &view->checks[*number];

    /*
     * A walk may have set A or D meanwhile. If it is another one otherwise, something may hang on what it was, as
     * nobody need have told the processor: then it stands here twice, and cannot be both.
     */
    if (*number < view->check_count && check->at == at && (check->value & ~value) == 0 &&
        (value & ~check->value & ~(uint32_t)(PTE_A | PTE_D)) == 0) {
        check->value = value;
    } else if (view->check_count < VIEW_CHECKS) {
        *number = (uint8_t)view->check_count;
        view->checks[view->check_count++] = (struct table_check){ .at = at, .value = value };
    } else {
        view->is_loose = true;
    }
}

/* The space and the view of CR3 have it: it is looked at when that is loaded again. */
static inline void known_walk_join(struct interp *interp, struct known_walk *known)
{
    struct space *space = interp->space;
    uint8_t number = (uint8_t)(known - interp->known_walks);
    uint64_t bit = 1ull << (number & 63);

    if (known->joined == interp->generation)
        return;
    known->joined = interp->generation;
    view_note_check(interp->view, known->pde_at, known->pde);
    if (!known->is_large)
        view_note_check(interp->view, known->pte_at, known->pte);
    if (space->directory != interp->view->directory)        /* another space has its place by now */
        *space = (struct space){ .directory = interp->view->directory };
    if (space->has[number >> 6] & bit)
        return;
    space->has[number >> 6] |= bit;
    if (space->count < SPACE_WALKS)
        space->walks[space->count++] = number;
    else
        space->is_crowded = true;
}

/* Then this is the translation. */
static ALWAYS_INLINE void known_walk_take(struct interp *interp, struct known_walk *known)
{
    uint32_t linear = (uint32_t)known->question;
    struct softtlb_entry *entry = &interp->view->tlbs[known->slot];

    if (known->is_large)
        interp->view->large_pages[linear >> 28] |= 1ull << (linear >> 22 & 63);
    *entry = known->entry;
    state_note_translation(interp, entry);
    known_walk_join(interp, known);
}

/*
 * Fill the page's entry by what is known of it. The caller looks whether that is enough: it may be for reading
 * only. Nothing happens where it is not known.
 */
static ALWAYS_INLINE void known_walk_fill(struct interp *interp, uint32_t linear, bool is_user)
{
    uint64_t question = known_walk_question(interp, linear, is_user);
    struct known_walk *known = known_walk_slot(interp, question);

    if (known->question != question || !known_walk_stands(interp, known))
        return;
    known_walk_take(interp, known);
}

/*
 * After a walk and what it filled. generation: before both, as a walk that wrote to a shared table may have moved what
 * it went by.
 */
static inline void known_walk_note(struct interp *interp, const struct softtlb_entry *entry, uint32_t linear,
                                   bool is_user, const struct pagewalk *walk, uint32_t generation)
{
    uint64_t question = known_walk_question(interp, linear, is_user);
    struct known_walk *known = known_walk_slot(interp, question);

    if (walk->pde_at == NULL || walk->pte_at == NULL || generation != interp->walk_generation) {
        interp->view->is_loose = true;
        return;
    }
    *known = (struct known_walk){
        .question = question, .pde_at = walk->pde_at, .pte_at = walk->pte_at, .pde = walk->pde, .pte = walk->pte,
        .generation = generation, .slot = (uint16_t)(entry - interp->view->tlbs),
        .is_large = walk->pde_at == walk->pte_at, .entry = *entry,
    };
    known_walk_join(interp, known);
}

#endif
