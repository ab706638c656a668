/*
 * state.h - changes of a processor's state that the engine keeps copies of: who makes one calls here (PURE).
 */
#ifndef VPC_X86_STATE_H
#define VPC_X86_STATE_H

#include "vpc/x86/interp.h"

/* After cpu.segments[number] changed: what can be reached by it; of CS the code window, of SS the width of ESP. */
void state_refresh_segment(struct interp *interp, unsigned number);

/* The same where it is known what can be reached. */
void state_set_reach(struct interp *interp, unsigned number, const struct reach *reach);

/* After CR0, DR7, the alignment checks or all segments changed. */
void state_refresh_segments(struct interp *interp);

void state_set_cpl(struct interp *interp, uint8_t cpl);

/* Is user code's alignment checked? */
bool state_checks_alignment(const struct vcpu *cpu);

/* EFLAGS, and what hangs on its bits. The caller decides which may change. */
void state_set_eflags(struct interp *interp, uint32_t eflags);

/* All translations. INVLPG forgets one page, whatever its size. */
void state_forget_translations(struct interp *interp);
/* The same where no frame moved and tables are read as before: only which ones may be others, after CR3 changed. */
void state_change_space(struct interp *interp);
void state_forget_page(struct interp *interp, uint32_t linear);

/* What known segments and gates say of where something lies in the host: after GDTR, IDTR or TR changed. */
void state_forget_tables(struct interp *interp);

/*
 * Somebody goes by what lies in that page for as long as interp.table_generation stays; it was just translated. false:
 * there are too many of them, so he may not.
 */
bool state_note_table(struct interp *interp, uint32_t linear);

/* Sets has_attention from what it stands for. */
void state_refresh_attention(struct interp *interp);

/* Parts of the above, for those who know that nothing else hangs on what they change (PURE, inline). */

static inline void state_close_window(struct interp *interp)
{
    interp->code.count = 0;
    interp->code.end_eip = 0;
}

static inline void state_close_stack(struct interp *interp)
{
    interp->stack.first = STACK_CLOSED;
}

/* An entry was filled: it will be asked for when they go. */
static inline void state_note_translation(struct interp *interp, const struct softtlb_entry *entry)
{
    struct view *view = interp->view;

    if (view->filled_count < FILLED_MAX)
        view->filled[view->filled_count] = (uint16_t)(entry - view->tlbs);
    if (view->filled_count <= FILLED_MAX)
        view->filled_count++;
}

/* After CPL or the view changed. */
static inline void state_refresh_rights(struct interp *interp)
{
    bool is_user = interp->cpu.cpl == 3;
    struct view *view = interp->view;

    interp->tlb = is_user ? view->tlbs + SOFTTLB_ENTRIES : view->tlbs;
    interp->windows = is_user ? view->windows_user : view->windows_supervisor;
}

/* After SS changed. */
static inline void state_refresh_stack(struct interp *interp)
{
    interp->stack_mask = interp->cpu.segments[SEG_SS].attributes & ATTR_DB ? 0xFFFFFFFFu : 0xFFFFu;
    state_close_stack(interp);
}

/* After CS changed. */
static inline void state_refresh_code(struct interp *interp)
{
    bool is_32bit = interp->cpu.segments[SEG_CS].attributes & ATTR_DB;

    interp->memos = is_32bit ? interp->memos32 : interp->memos16;
    interp->memo_mask = (is_32bit ? MEMO_ENTRIES : MEMO_ENTRIES16) - 1;
    state_close_window(interp);
}

#endif
