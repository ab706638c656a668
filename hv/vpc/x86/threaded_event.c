/*
 * threaded_event.c - the steps of INT n and IRET (PURE): threaded.h. Plain is a program's call of its kernel, and the
 * way back, by what was known in this address space last time: nothing is looked for. Else known_event.c finds it, and
 * else the handler does it from the start.
 */
#include "vpc/x86/known_event.h"
#include "vpc/x86/threaded.h"

/* GO_TO in 32-bit code, by a window that is known to have the target. */
#define GO_INTO(target)                                                                                     \
    do {                                                                                                    \
        uint32_t to_ = (target);                                                                            \
        uintptr_t delta_ = interp->code.delta;                                                              \
        const struct memo *next_ = &interp->memos32[to_ & (MEMO_ENTRIES - 1)];                              \
        if (--interp->fuel == 0 || !memo_has(next_, code_bytes_at(delta_, to_)))                            \
            TAIL_CALL step_elsewhere(interp, next_, to_, delta_);                                           \
        DISPATCH(next_, to_, delta_);                                                                       \
    } while (0)

/* From a program. */
STEP_APART(int_n_inwards)
{
    struct event event = software_event(&memo->insn);
    struct known_gate *gate = known_gate_slot(interp, event.vector);
    const struct gate_windows *windows = gate_windows_of(interp, event.vector);
    const struct stack_top *top = gate->top_at;

    if (top == NULL || !gate_stands(interp, gate, gate_question(interp, &event)) ||
        windows->generation != interp->generation)
        TAIL_CALL step_int_n_slowly(interp, memo, eip, delta);
    uint32_t esp = top->esp - FRAME_BYTES;
    loose32_t *words = stack_window_at(&windows->stack, esp, FRAME_BYTES);
    if (words == NULL)
        TAIL_CALL step_int_n_slowly(interp, memo, eip, delta);
    interp->cpu.eip = (uint32_t)eip;
    store_frame(interp, &event, words, true);
    enter_by_windows(interp, gate, windows, esp);
    interp->cpu.eflags &= gate->kept_flags;
    GO_INTO(gate->eip);
}

STEP(int_n)
{
    if (interp->cpu.cpl != 3)
        TAIL_CALL step_int_n_slowly(interp, memo, eip, delta);
    TAIL_CALL step_int_n_inwards(interp, memo, eip, delta);
}

/* The descriptors, the same as last time, stand as they stood. */
static ALWAYS_INLINE bool return_stands(const struct interp *interp, const struct known_return *back,
                                        const loose32_t *words)
{
    return back->table_generation == interp->table_generation &&
           interp->asker == ASKER(0) && (uint16_t)words[1] == back->code.selector &&
           (uint16_t)words[4] == back->stack.selector && *(const loose64_t *)back->code_at == back->code_bytes &&
           *(const loose64_t *)back->stack_at == back->stack_bytes;
}

static ALWAYS_INLINE bool keeps_segment(const struct segment *segment)
{
    return (segment->attributes & ATTR_DPL) == ATTR_DPL || (segment->attributes | segment->selector) == 0;
}

/* As drop_segments would: does privilege 3 keep them all? Mostly two are its own, and two are not in use. */
static ALWAYS_INLINE bool keeps_segments(const struct vcpu *cpu)
{
    const struct segment *es = &cpu->segments[SEG_ES], *ds = &cpu->segments[SEG_DS];
    const struct segment *fs = &cpu->segments[SEG_FS], *gs = &cpu->segments[SEG_GS];
    bool are_both_its = (es->attributes & ds->attributes & ATTR_DPL) == ATTR_DPL;
    bool are_both_gone = (fs->attributes | fs->selector | gs->attributes | gs->selector) == 0;

    return (are_both_its || (keeps_segment(es) && keeps_segment(ds))) &&
           (are_both_gone || (keeps_segment(fs) && keeps_segment(gs)));
}

STEP_APART(iret_outwards)
{
    struct vcpu *cpu = &interp->cpu;
    struct known_return *back = &interp->view->back;
    const loose32_t *words = plain_stack(interp, cpu->gpr[GPR_ESP], FRAME_BYTES);

    if (words == NULL || !return_stands(interp, back, words))
        TAIL_CALL step_iret_slowly(interp, memo, eip, delta);
    uint32_t to = words[0], eflags = words[2], esp = words[3];
    if (to - back->code_window.first_eip >= back->code_window.count || !keeps_segments(cpu) ||
        (eflags & (EFLAGS_AC | EFLAGS_VM)) | (cpu->eflags & (EFLAGS_AC | EFLAGS_NT)) ||
        needs_attention(interp, eflags))
        TAIL_CALL step_iret_slowly(interp, memo, eip, delta);
    cpu->eflags = returned_flags(0, cpu->eflags, eflags);
    flags_set_arithmetic(interp, eflags);
    take_cpl(interp, 3);
    take_stack(interp, &back->stack, &back->stack_reach);
    take_code(interp, &back->code, &back->code_reach);
    interp->stack = back->stack_window;
    interp->code = back->code_window;
    cpu->gpr[GPR_ESP] = esp;
    cpu->is_in_nmi = false;
    if (plain_stack(interp, esp - 4, 4) == NULL) {      /* another page, or one that nobody had used yet */
        stack_open(interp, esp);
        back->stack_window = interp->stack;
    }
    GO_INTO(to);
}

STEP(iret)
{
    if (interp->view->back.generation != interp->generation)
        TAIL_CALL step_iret_slowly(interp, memo, eip, delta);
    TAIL_CALL step_iret_outwards(interp, memo, eip, delta);
}

step_t threaded_event_find(const struct instruction *insn)
{
    if (insn->map != MAP_ONE_BYTE)
        return NULL;
    return insn->opcode == 0xCC || insn->opcode == 0xCD ? step_int_n : insn->opcode == 0xCF ? step_iret : NULL;
}
