/*
 * event.c - deliver interrupts and exceptions (PURE). SDM vol. 2 "INT n/INTO/INT3", vol. 3 "Interrupt and Exception
 * Handling".
 *
 * Delivery itself may fault (a missing IDT page, a bad stack): then everything that it changed goes back
 * (far_roll_back), and the second fault is delivered instead, or a double fault made of both. Only a fault while a
 * double fault is delivered is the end: a shutdown.
 */
#include "vpc/x86/event.h"

#include "vpc/x86/access.h"
#include "vpc/x86/far.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/state.h"
#include "vpc/x86/task.h"

#define ERROR_IDT 2u            /* the error code's index is into the IDT */
#define RETRIES_MAX 4u

/*
 * RF in the saved EFLAGS keeps a breakpoint at this instruction from being hit again when the handler returns to it:
 * for faults, which come before their instruction.
 */
static uint32_t saved_flags(const struct interp *interp, const struct event *event)
{
    return flags_read(interp) | (event->is_fault ? EFLAGS_RF : 0);
}

/* SDM vol. 3 "Interrupt and Exception Handling in Real-Address Mode": no error codes, 16-bit frames. */
static bool enter_real_handler(struct interp *interp, const struct event *event)
{
    struct vcpu *cpu = &interp->cpu;
    uint16_t target[2];

    if (event->vector * 4u + 3 > cpu->idtr.limit)
        return fault_with(interp, EXC_GP, event->vector * 8u + ERROR_IDT);
    if (!system_read(interp, cpu->idtr.base + event->vector * 4u, target, 4) ||
        !push_value(interp, 2, flags_read(interp)) || !push_value(interp, 2, cpu->segments[SEG_CS].selector) ||
        !push_value(interp, 2, cpu->eip) || !segment_load(interp, SEG_CS, target[1]))
        return false;
    cpu->eip = target[0];
    state_set_eflags(interp, flags_read(interp) & ~(EFLAGS_IF | EFLAGS_TF | EFLAGS_AC | EFLAGS_RF));
    return true;
}

struct frame {
    uint32_t eflags, esp, eip;
    uint16_t ss, cs;
};

static bool push_frame(struct interp *interp, const struct event *event, const struct frame *frame, bool is_inner,
                       unsigned bytes)
{
    if (is_inner && !(push_value(interp, bytes, frame->ss) && push_value(interp, bytes, frame->esp)))
        return false;
    return push_value(interp, bytes, frame->eflags) && push_value(interp, bytes, frame->cs) &&
           push_value(interp, bytes, frame->eip) &&
           (!event->has_error || push_value(interp, bytes, event->error));
}

/* The handler's code segment, by the gate. */
static bool check_handler_code(struct interp *interp, uint16_t selector, unsigned external, struct descriptor *code)
{
    if (selector_is_null(selector))
        return fault_with(interp, EXC_GP, external);
    if (!descriptor_read(interp, selector, EXC_GP, external, code))
        return false;
    if (descriptor_is_known(interp, code, selector, DESCRIPTOR_FOR_EVENT, interp->cpu.cpl))
        return true;
    uint16_t attributes = descriptor_attributes(code);
    if (!attributes_are_code(attributes) || attributes_dpl(attributes) > interp->cpu.cpl)
        return fault_with(interp, EXC_GP, (selector & 0xFFFCu) | external);
    return attributes & ATTR_P || fault_with(interp, EXC_NP, (selector & 0xFFFCu) | external);
}

static bool enter_gate(struct interp *interp, const struct event *event, const struct descriptor *gate)
{
    struct vcpu *cpu = &interp->cpu;
    unsigned type = attributes_system_type(descriptor_attributes(gate)), external = event->is_software ? 0 : 1;
    bool is_32bit = type >= SYSTEM_INTERRUPT_GATE32;
    struct frame frame = { .eflags = saved_flags(interp, event), .esp = cpu->gpr[GPR_ESP], .eip = cpu->eip,
                           .ss = cpu->segments[SEG_SS].selector, .cs = cpu->segments[SEG_CS].selector };
    uint32_t dropped = EFLAGS_TF | EFLAGS_NT | EFLAGS_RF | EFLAGS_VM;
    struct descriptor code;

    if (!check_handler_code(interp, gate_selector(gate), external, &code))
        return false;
    uint16_t attributes = descriptor_attributes(&code);
    /*
     * To a more privileged level: its stack comes from the TSS, and the interrupted one's SS and ESP go onto it first.
     */
    bool is_inner = !(attributes & ATTR_CONFORMING) && attributes_dpl(attributes) < cpu->cpl;
    unsigned cpl = is_inner ? attributes_dpl(attributes) : cpu->cpl;
    if (is_inner && !far_enter_stack(interp, cpl, external))
        return false;
    if (!push_frame(interp, event, &frame, is_inner, is_32bit ? 4 : 2))
        return is_inner ? far_name_stack(interp, external) : false;
    if (!far_enter_code(interp, &code, gate_selector(gate), cpl, gate_offset(gate, is_32bit), external))
        return false;
    /* An interrupt gate shuts interrupts off, a trap gate leaves them as they are: that is all the difference. */
    if (type == SYSTEM_INTERRUPT_GATE16 || type == SYSTEM_INTERRUPT_GATE32)
        dropped |= EFLAGS_IF;
    state_set_eflags(interp, flags_read(interp) & ~dropped);
    return true;
}

static bool enter_protected(struct interp *interp, const struct event *event)
{
    struct vcpu *cpu = &interp->cpu;
    uint64_t bytes;
    uint32_t error = event->vector * 8u + ERROR_IDT + (event->is_software ? 0 : 1);

    if (event->vector * 8u + 7 > cpu->idtr.limit)
        return fault_with(interp, EXC_GP, error);
    if (!system_read8(interp, cpu->idtr.base + event->vector * 8u, &bytes))
        return false;
    struct descriptor gate = { .low = (uint32_t)bytes, .high = (uint32_t)(bytes >> 32) };
    uint16_t attributes = descriptor_attributes(&gate);
    switch (attributes_system_type(attributes)) {
    case SYSTEM_TASK_GATE: case SYSTEM_INTERRUPT_GATE16: case SYSTEM_TRAP_GATE16: case SYSTEM_INTERRUPT_GATE32:
    case SYSTEM_TRAP_GATE32:
        break;
    default:
        return fault_with(interp, EXC_GP, error);
    }
    /* The gate's DPL says from where INT n may use it. What the processor raises comes through whatever it is. */
    if (event->is_software && attributes_dpl(attributes) < cpu->cpl)
        return fault_with(interp, EXC_GP, error);
    if (!(attributes & ATTR_P))
        return fault_with(interp, EXC_NP, error);
    return attributes_system_type(attributes) == SYSTEM_TASK_GATE ? task_refuse(interp) :
                                                                     enter_gate(interp, event, &gate);
}

bool event_enter(struct interp *interp, struct event event)
{
    if (event_enter_known(interp, &event))
        return true;
    struct checkpoint before = far_checkpoint(interp);
    uint32_t eip = interp->cpu.eip;
    bool is_done = vcpu_is_protected(&interp->cpu) ? enter_protected(interp, &event)
                                                   : enter_real_handler(interp, &event);

    if (!is_done) {
        interp->cpu.eip = eip;
        far_roll_back(interp, &before);
    }
    return is_done;
}

static bool is_contributory(uint8_t vector)
{
    return vector == EXC_DE || (vector >= EXC_TS && vector <= EXC_GP);
}

/* SDM vol. 3, table "Conditions for Generating a Double Fault". */
static bool makes_double_fault(const struct event *first, uint8_t second)
{
    if (first->is_software || first->is_interrupt)
        return false;
    if (first->vector == EXC_PF)
        return second == EXC_PF || is_contributory(second);
    return is_contributory(first->vector) && is_contributory(second);
}

bool event_deliver(struct interp *interp, struct event event)
{
    /*
     * Bound: a fault, one that came of its delivery, a double fault, a shutdown. Faults that make no double fault (a
     * #PF while an interrupt is delivered) may follow each other, but not for ever.
     */
    for (unsigned i = 0; i < RETRIES_MAX; i++) {
        if (event_enter(interp, event))
            return true;
        const struct trouble *trouble = &interp->trouble;
        if (trouble->kind != TROUBLE_FAULT)
            return false;
        bool is_double = event.vector == EXC_DF && event.has_error && event.is_fault;
        if (is_double)
            break;
        if (makes_double_fault(&event, trouble->vector))
            event = (struct event){ .vector = EXC_DF, .has_error = true, .is_fault = true };
        else
            event = (struct event){ .vector = trouble->vector, .has_error = trouble->has_error,
                                    .error = trouble->error, .is_fault = true };
    }
    return leave(interp, EXIT_SHUTDOWN);
}
