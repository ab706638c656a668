/*
 * known_event.c - the short way of an event to its handler, and of IRET back (PURE): protected mode, 32-bit gates and
 * stacks, everything in pages that were translated before, and descriptors that passed the same checks before.
 *
 * Whatever is not so is seen before anything changes: then the long way (event.c, return.c) does it from the start, and
 * says what is wrong if something is. So each function here is what those do, less all that can go wrong. Where even
 * less is to be found, INT n and IRET are steps: threaded_event.c.
 *
 * Segments are known only while no access needs a closer look (interp.asker), and what is done here does not change
 * that: an IRET that switches alignment checks on is not plain.
 */
#include "vpc/x86/known_event.h"

#include "vpc/x86/far.h"
#include "vpc/x86/return.h"

/* Of the byte with P, DPL and type: present, and an interrupt or a trap gate of 32 bits. */
#define GATE_MASK 0x9Eu
#define GATE_PLAIN 0x8Eu
#define GATE_IS_TRAP 1u

/* So many bytes of the stack, for the current privilege. */
static ALWAYS_INLINE loose32_t *plain_words(struct interp *interp, uint32_t offset, unsigned bytes, bool is_write)
{
    const struct reach *reach = &interp->reach[SEG_SS];
    uint32_t linear = reach->base + offset;
    const struct softtlb_entry *entry = softtlb_slot(interp->tlb, linear);
    const uint32_t *has = is_write ? &entry->write_page : &entry->read_page;

    if ((int64_t)offset + bytes - 1 > (is_write ? reach->write_last : reach->read_last))
        return NULL;
    if (*has != last_page(linear, bytes)) {
        access_refill(interp, linear, interp->cpu.cpl == 3);
        if (*has != last_page(linear, bytes))
            return NULL;
    }
    return softtlb_host(entry, linear);
}

/* Part of a system table that will be gone by. NULL: not plain. */
static const void *find_in_table(struct interp *interp, uint32_t linear, unsigned bytes)
{
    const void *at = system_found(interp, linear, bytes);

    return at != NULL && state_note_table(interp, linear) ? at : NULL;
}

/* The stack that the TSS has for the gate's privilege. */
static bool find_inner_stack(struct interp *interp, struct known_gate *gate)
{
    const struct segment *tr = &interp->cpu.tr;
    uint32_t at = 4 + 8u * gate->cpl;

    if (at + 5 > tr->limit || (tr->attributes & ATTR_TYPE) < SYSTEM_TSS32)
        return false;
    const struct stack_top *top = gate->top_at = find_in_table(interp, tr->base + at, sizeof(*top));
    if (top == NULL)
        return false;
    const struct known_segment *stack = known_find(interp, top->ss, DESCRIPTOR_FOR_STACK, gate->cpl);
    if (stack == NULL || !(stack->segment.attributes & ATTR_DB))
        return false;
    gate->stack_bytes = stack->bytes;
    gate->stack_at = stack->at;
    gate->stack = stack->segment;
    gate->stack_reach = stack->reach;
    return true;
}

/* The gate that a question names, and all that hangs on it. */
static bool find_gate(struct interp *interp, struct known_gate *gate, uint32_t question)
{
    const struct vcpu *cpu = &interp->cpu;
    unsigned vector = question & QUESTION_VECTOR;
    const loose64_t *at = find_in_table(interp, cpu->idtr.base + vector * 8u, 8);

    if (interp->asker == 0 || at == NULL || vector * 8u + 7 > cpu->idtr.limit)
        return false;
    unsigned access = *at >> 40 & 0xFF;
    uint16_t selector = (uint16_t)(*at >> 16);
    uint32_t eip = (uint32_t)(*at & 0xFFFF) | (uint32_t)(*at >> 32 & 0xFFFF0000u);
    const struct known_segment *code = known_find(interp, selector, DESCRIPTOR_FOR_EVENT, cpu->cpl);
    if ((access & GATE_MASK) != GATE_PLAIN ||
        (question & QUESTION_SOFTWARE && (access >> ATTR_DPL_SHIFT & 3) < cpu->cpl) ||
        code == NULL || (code->segment.attributes & (ATTR_CONFORMING | ATTR_DB)) != ATTR_DB ||
        eip > code->segment.limit)
        return false;
    *gate = (struct known_gate){
        .bytes = *at, .code_bytes = code->bytes, .at = at, .code_at = code->at, .eip = eip,
        .cpl = (uint8_t)attributes_dpl(code->segment.attributes), .code = code->segment, .code_reach = code->reach,
        .kept_flags = ~(EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM | (access & GATE_IS_TRAP ? 0 : EFLAGS_IF)),
    };
    gate->code.selector = (uint16_t)((selector & 0xFFFCu) | gate->cpl);
    return gate->cpl >= cpu->cpl || find_inner_stack(interp, gate);
}

/* Where the gate is good for an event: interp->operand is it, or NULL. */
static SELDOM __attribute__((noinline)) void find_gate_slowly(struct interp *interp, struct known_gate *gate,
                                                              uint32_t question)
{
    bool is_good = find_gate(interp, gate, question);

    gate->question = question;
    gate->generation = is_good ? interp->table_generation : 0;
    for (unsigned i = 0; i < VIEWS; i++)
        interp->views[i].gates[gate - interp->known_gates].generation = 0;
    interp->operand = is_good ? gate : NULL;
}

/* The gate of an event, and room for its frame. NULL: not plain. */
static ALWAYS_INLINE struct known_gate *known_gate(struct interp *interp, const struct event *event)
{
    struct known_gate *gate = known_gate_slot(interp, event->vector);
    uint32_t question = gate_question(interp, event);

    if (gate_stands(interp, gate, question))
        return gate;
    find_gate_slowly(interp, gate, question);
    return interp->operand;
}

/* Other translations than when the gate was used last, or another page of the stack: its window is looked for. */
static SELDOM __attribute__((noinline)) void find_inner_window(struct interp *interp, const struct known_gate *gate,
                                                               struct gate_windows *windows, uint32_t esp)
{
    uint32_t linear = gate->stack_reach.base + esp;
    struct softtlb_entry *tlb = softtlb_of(interp, false);

    if (softtlb_slot(tlb, linear)->write_page != (linear & ~PAGE_MASK))
        access_refill(interp, linear, false);
    windows->stack = stack_window_of(tlb, &gate->stack_reach, esp);
    windows->generation = 0;
}

/* The first instruction's window, where it is known; it is noted with the stack's. */
static SELDOM __attribute__((noinline)) void open_inner_windows(struct interp *interp, const struct known_gate *gate,
                                                                struct gate_windows *windows)
{
    state_close_window(interp);
    if (!code_window_reopen(interp, gate->eip))
        return;
    windows->code = interp->code;
    windows->generation = interp->generation;
}

/* To the stack that the TSS has, its privilege, and the handler's code. false: not plain. */
static ALWAYS_INLINE bool enter_inner(struct interp *interp, const struct event *event, const struct known_gate *gate)
{
    struct gate_windows *windows = gate_windows_of(interp, event->vector);
    unsigned bytes = 4 * (5 + event->has_error);
    uint32_t esp = ((const struct stack_top *)gate->top_at)->esp - bytes;
    bool has_windows = windows->generation == interp->generation;
    loose32_t *words = has_windows ? stack_window_at(&windows->stack, esp, bytes) : NULL;

    if (words == NULL) {
        has_windows = false;
        find_inner_window(interp, gate, windows, esp);
        words = stack_window_at(&windows->stack, esp, bytes);
        if (words == NULL)
            return false;
    }
    store_frame(interp, event, words, true);
    enter_by_windows(interp, gate, windows, esp);
    if (!has_windows)
        open_inner_windows(interp, gate, windows);
    return true;
}

/* On the stack as it is. */
static ALWAYS_INLINE bool enter_same(struct interp *interp, const struct event *event, const struct known_gate *gate)
{
    unsigned bytes = 4 * (3 + event->has_error);
    uint32_t esp = interp->cpu.gpr[GPR_ESP] - bytes;
    loose32_t *words = interp->stack_mask == 0xFFFFFFFFu ? plain_words(interp, esp, bytes, true) : NULL;

    if (words == NULL)
        return false;
    store_frame(interp, event, words, false);
    take_code(interp, &gate->code, &gate->code_reach);
    state_close_window(interp);
    stack_open(interp, esp);
    interp->cpu.gpr[GPR_ESP] = esp;
    return true;
}

static ALWAYS_INLINE bool enter_known(struct interp *interp, const struct event *event)
{
    struct known_gate *gate = known_gate(interp, event);

    if (gate == NULL ||
        !(gate->top_at != NULL ? enter_inner(interp, event, gate) : enter_same(interp, event, gate)))
        return false;
    interp->cpu.eip = gate->eip;
    interp->cpu.eflags &= gate->kept_flags;
    return true;
}

bool event_enter_known(struct interp *interp, const struct event *event)
{
    if (!enter_known(interp, event))
        return false;
    if (interp->has_attention)
        state_refresh_attention(interp);
    return true;
}

static SELDOM __attribute__((noinline)) void drop_slowly(struct interp *interp)
{
    far_drop_segments(interp);
}

/* What the outer privilege may not have: far_drop_segments. One that is gone already is left alone. */
static ALWAYS_INLINE void drop_segments(struct interp *interp, unsigned cpl)
{
    static const uint8_t numbers[] = { SEG_ES, SEG_DS, SEG_FS, SEG_GS };

    for (unsigned i = 0; i < sizeof(numbers); i++) {
        const struct segment *segment = &interp->cpu.segments[numbers[i]];
        bool is_gone = (segment->attributes | segment->selector) == 0;
        if ((segment->attributes & ATTR_DPL) < cpl << ATTR_DPL_SHIFT && !is_gone) {
            drop_slowly(interp);
            break;
        }
    }
}

static ALWAYS_INLINE bool return_known(struct interp *interp)
{
    struct vcpu *cpu = &interp->cpu;
    const loose32_t *words = plain_stack(interp, cpu->gpr[GPR_ESP], 20);
    const struct known_segment *stack = NULL;

    if (words == NULL)
        words = plain_words(interp, cpu->gpr[GPR_ESP], 20, false);
    if (words == NULL || interp->stack_mask != 0xFFFFFFFFu || cpu->eflags & EFLAGS_NT)
        return false;
    uint32_t eip = words[0], eflags = words[2], esp = cpu->gpr[GPR_ESP] + 12;
    uint16_t cs = (uint16_t)words[1];
    unsigned cpl = cs & 3;
    const struct known_segment *code = known_find(interp, cs, DESCRIPTOR_FOR_RETURN, cpl);
    bool is_outer = cpl != cpu->cpl;
    if (code == NULL || !(code->segment.attributes & ATTR_DB) || eip > code->segment.limit ||
        (eflags | cpu->eflags) & EFLAGS_AC || eflags & EFLAGS_VM)
        return false;
    if (is_outer) {
        esp = words[3];
        stack = known_find(interp, (uint16_t)words[4], DESCRIPTOR_FOR_STACK, cpl);
        if (stack == NULL || !(stack->segment.attributes & ATTR_DB))
            return false;
    }
    cpu->eflags = returned_flags(cpu->cpl, cpu->eflags, eflags);
    flags_set_arithmetic(interp, eflags);
    if (is_outer) {
        take_cpl(interp, cpl);
        take_stack(interp, &stack->segment, &stack->reach);
        drop_segments(interp, cpl);
        stack_open(interp, esp);
    }
    take_code(interp, &code->segment, &code->reach);
    state_close_window(interp);
    cpu->gpr[GPR_ESP] = esp;
    cpu->eip = eip;
    cpu->is_in_nmi = false;
    return true;
}

bool iret_known(struct interp *interp)
{
    if (!return_known(interp))
        return false;
    state_refresh_attention(interp);
    return true;
}

STEP_FUNCTION(int_n_slowly)
{
    struct event event = software_event(&memo->insn);

    interp->cpu.eip = (uint32_t)eip;
    if (!enter_known(interp, &event))
        GENERALLY();
    GO_TO(interp->cpu.eip);
}

/* Where it came to, from the kernel: for the next one. */
static void note_return(struct interp *interp, const loose32_t *words)
{
    const struct vcpu *cpu = &interp->cpu;
    const struct known_segment *code = known_slot_of(interp, (uint16_t)words[1], DESCRIPTOR_FOR_RETURN);
    const struct known_segment *stack = known_slot_of(interp, (uint16_t)words[4], DESCRIPTOR_FOR_STACK);

    if (!code_window_reopen(interp, cpu->eip))
        return;
    interp->view->back = (struct known_return){
        .generation = interp->generation, .table_generation = interp->table_generation,
        .code_bytes = code->bytes, .stack_bytes = stack->bytes, .code_at = code->at, .stack_at = stack->at,
        .code = code->segment, .code_reach = code->reach, .stack = stack->segment, .stack_reach = stack->reach,
        .code_window = interp->code, .stack_window = interp->stack,
    };
}

STEP_FUNCTION(iret_slowly)
{
    const loose32_t *words = plain_stack(interp, interp->cpu.gpr[GPR_ESP], FRAME_BYTES);
    bool is_kernel = interp->asker == ASKER(0);

    if (!return_known(interp))
        GENERALLY();
    if (words != NULL && is_kernel && interp->cpu.cpl == 3)
        note_return(interp, words);
    interp->fuel--;
    interp->has_attention = needs_attention(interp, interp->cpu.eflags);
    if (interp->has_attention)
        return true;
    TAIL_CALL step_elsewhere(interp, memo, interp->cpu.eip, delta);
}
