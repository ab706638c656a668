/*
 * known_event.h - what an event to a known gate and an IRET by known descriptors do once all is found (PURE, inline):
 * for known_event.c, and for threaded_event.c, where nothing need be looked for.
 */
#ifndef VPC_X86_KNOWN_EVENT_H
#define VPC_X86_KNOWN_EVENT_H

#include "vpc/x86/event.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/known_segment.h"
#include "vpc/x86/state.h"
#include "vpc/x86/threaded.h"

#define FRAME_BYTES 20u         /* of an event without error code from an outer privilege */
#define QUESTION_VECTOR 0xFFu
#define QUESTION_SOFTWARE 0x100u

/* Of ESP and SS in the TSS. */
struct stack_top {
    loose32_t esp;
    loose16_t ss;
};

/* Where the gate of a vector is known, and its windows in the current view. */
static ALWAYS_INLINE struct known_gate *known_gate_slot(struct interp *interp, uint8_t vector)
{
    return &interp->known_gates[vector & (KNOWN_GATES - 1)];
}

static ALWAYS_INLINE struct gate_windows *gate_windows_of(struct interp *interp, uint8_t vector)
{
    return &interp->view->gates[vector & (KNOWN_GATES - 1)];
}

static ALWAYS_INLINE uint32_t gate_question(const struct interp *interp, const struct event *event)
{
    return interp->asker | event->vector | (event->is_software ? QUESTION_SOFTWARE : 0);
}

/* That is the gate that a question names, and all that it leads to stands as it stood. */
static ALWAYS_INLINE bool gate_stands(const struct interp *interp, const struct known_gate *gate, uint32_t question)
{
    const struct stack_top *top = gate->top_at;

    return gate->question == question && gate->generation == interp->table_generation &&
           *(const loose64_t *)gate->at == gate->bytes && *(const loose64_t *)gate->code_at == gate->code_bytes &&
           (top == NULL || (top->ss == gate->stack.selector &&
                            *(const loose64_t *)gate->stack_at == gate->stack_bytes));
}

/* SS and CS of 32 bits, each with what the interpreter keeps of it. */
static ALWAYS_INLINE void take_stack(struct interp *interp, const struct segment *stack, const struct reach *reach)
{
    interp->cpu.segments[SEG_SS] = *stack;
    interp->reach[SEG_SS] = *reach;
    interp->stack_mask = 0xFFFFFFFFu;
}

static ALWAYS_INLINE void take_code(struct interp *interp, const struct segment *code, const struct reach *reach)
{
    interp->cpu.segments[SEG_CS] = *code;
    interp->reach[SEG_CS] = *reach;
    interp->memos = interp->memos32;
    interp->memo_mask = MEMO_ENTRIES - 1;
}

/* With CS and SS to follow. */
static ALWAYS_INLINE void take_cpl(struct interp *interp, unsigned cpl)
{
    interp->cpu.cpl = (uint8_t)cpl;
    state_refresh_rights(interp);
    interp->asker = ASKER(cpl);
}

/* The order on the stack: SDM vol. 3 "Stack Usage on Transfers to Interrupt and Exception-Handling Routines". */
static ALWAYS_INLINE void store_frame(struct interp *interp, const struct event *event, loose32_t *words, bool is_inner)
{
    const struct vcpu *cpu = &interp->cpu;

    if (event->has_error)
        *words++ = event->error;
    words[0] = cpu->eip;
    words[1] = cpu->segments[SEG_CS].selector;
    words[2] = flags_read(interp) | (event->is_fault ? EFLAGS_RF : 0);
    if (is_inner) {
        words[3] = cpu->gpr[GPR_ESP];
        words[4] = cpu->segments[SEG_SS].selector;
    }
}

/* The flags that an IRET of 32 bits brings, in a privilege that has those: far_iret_mask. */
static ALWAYS_INLINE uint32_t returned_flags(unsigned cpl, uint32_t before, uint32_t eflags)
{
    uint32_t mask = EFLAGS_ARITHMETIC | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_ID;

    if (cpl == 0)
        mask |= EFLAGS_IF | EFLAGS_IOPL;
    else if (cpl <= (before & EFLAGS_IOPL) >> 12)
        mask |= EFLAGS_IF;
    return (before & ~mask) | (eflags & mask);
}

/*
 * Behind an event's frame: to the gate's inner stack and handler, by the windows of both. EIP and the handler's flags
 * are the caller's.
 */
static ALWAYS_INLINE void enter_by_windows(struct interp *interp, const struct known_gate *gate,
                                           const struct gate_windows *windows, uint32_t esp)
{
    __builtin_assume(gate->cpl != 3);           /* as it is an inner one */
    take_cpl(interp, gate->cpl);
    take_stack(interp, &gate->stack, &gate->stack_reach);
    take_code(interp, &gate->code, &gate->code_reach);
    interp->stack = windows->stack;
    interp->code = windows->code;
    interp->cpu.gpr[GPR_ESP] = esp;
}

static ALWAYS_INLINE struct event software_event(const struct instruction *insn)
{
    uint8_t vector = insn->opcode == 0xCC ? EXC_BP : (uint8_t)insn->immediate;

    return (struct event){ .vector = vector, .is_software = true };
}

/* Of what state_refresh_attention asks for, an IRET that was a step can have brought about only this. */
static ALWAYS_INLINE bool needs_attention(const struct interp *interp, uint32_t eflags)
{
    const struct vcpu *cpu = &interp->cpu;

    return eflags & EFLAGS_TF || cpu->has_nmi ||
           (eflags & EFLAGS_IF && (cpu->has_interrupt || interp->wants_window));
}

/* INT n and IRET where something is to be looked for, or the privilege stays: known_event.c. */
STEP_FUNCTION(int_n_slowly);
STEP_FUNCTION(iret_slowly);

#endif
