/*
 * far.c - jumps, calls and returns to other segments (PURE). SDM vol. 2 "JMP", "CALL", "RET", "IRET", vol. 3 "Transfers
 * of Program Control Between Code Segments".
 *
 * Whoever begins one keeps a checkpoint: far_enter.c.
 */
#include "vpc/x86/far.h"

#include "vpc/x86/access.h"
#include "vpc/x86/event.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"
#include "vpc/x86/return.h"
#include "vpc/x86/state.h"
#include "vpc/x86/task.h"

/* Real mode: any selector will do. */
static bool enter_real_code(struct interp *interp, uint16_t selector, uint32_t eip)
{
    if (eip > interp->cpu.segments[SEG_CS].limit)
        return general_protection(interp);
    interp->cpu.eip = eip;
    return segment_load(interp, SEG_CS, selector);
}

static bool push_return(struct interp *interp, unsigned bytes, uint16_t cs, uint32_t eip)
{
    return push_value(interp, bytes, cs) && push_value(interp, bytes, eip);
}

/* Without a gate the privilege stays. */
static bool transfer_to_code(struct interp *interp, const struct descriptor *code, uint16_t selector, uint32_t eip,
                             bool is_call, unsigned bytes)
{
    struct vcpu *cpu = &interp->cpu;
    uint16_t attributes = descriptor_attributes(code), from = cpu->segments[SEG_CS].selector;
    unsigned dpl = attributes_dpl(attributes), rpl = selector & 3;

    if (attributes & ATTR_CONFORMING ? dpl > cpu->cpl : dpl != cpu->cpl || rpl > cpu->cpl)
        return fault_selector(interp, EXC_GP, selector);
    if (!(attributes & ATTR_P))
        return fault_selector(interp, EXC_NP, selector);
    if (is_call && !push_return(interp, bytes, from, cpu->eip))
        return false;
    return far_enter_code(interp, code, selector, cpu->cpl, eip, 0);
}

#define GATE_PARAMETERS_MAX 31u

/* Parameters go from the outer stack to the inner one, as the gate says. */
static bool call_inner(struct interp *interp, const struct descriptor *gate, const struct descriptor *code,
                       uint16_t selector, uint32_t eip, unsigned bytes)
{
    struct vcpu *cpu = &interp->cpu;
    unsigned count = gate->high & GATE_PARAMETERS_MAX, dpl = attributes_dpl(descriptor_attributes(code));
    uint32_t parameters[GATE_PARAMETERS_MAX], esp = cpu->gpr[GPR_ESP], return_eip = cpu->eip;
    uint16_t ss = cpu->segments[SEG_SS].selector, cs = cpu->segments[SEG_CS].selector;

    /* All parameters are read before the stack changes: afterwards the outer one would be out of reach of SS. */
    for (unsigned i = 0; i < count; i++) {
        if (!peek_value(interp, i * bytes, bytes, &parameters[i]))
            return false;
    }
    if (!far_enter_stack(interp, dpl, 0))
        return false;
    bool is_pushed = push_value(interp, bytes, ss) && push_value(interp, bytes, esp);
    for (unsigned i = count; i > 0 && is_pushed; i--)
        is_pushed = push_value(interp, bytes, parameters[i - 1]);
    if (!is_pushed || !push_return(interp, bytes, cs, return_eip))
        return far_name_stack(interp, 0);
    return far_enter_code(interp, code, selector, dpl, eip, 0);
}

static bool transfer_through_gate(struct interp *interp, const struct descriptor *gate, bool is_call)
{
    struct vcpu *cpu = &interp->cpu;
    bool is_32bit = attributes_system_type(descriptor_attributes(gate)) == SYSTEM_CALL_GATE32;
    uint32_t eip = gate_offset(gate, is_32bit), return_eip = cpu->eip;
    uint16_t selector = gate_selector(gate), cs = cpu->segments[SEG_CS].selector;
    unsigned bytes = is_32bit ? 4 : 2;
    struct descriptor code;

    if (selector_is_null(selector))
        return general_protection(interp);
    if (!descriptor_read(interp, selector, EXC_GP, 0, &code))
        return false;
    uint16_t attributes = descriptor_attributes(&code);
    unsigned dpl = attributes_dpl(attributes);
    bool is_conforming = attributes & ATTR_CONFORMING;
    if (!attributes_are_code(attributes) || dpl > cpu->cpl || (!is_call && !is_conforming && dpl != cpu->cpl))
        return fault_selector(interp, EXC_GP, selector);
    if (!(attributes & ATTR_P))
        return fault_selector(interp, EXC_NP, selector);
    if (is_call && !is_conforming && dpl < cpu->cpl)
        return call_inner(interp, gate, &code, selector, eip, bytes);
    if (is_call && !push_return(interp, bytes, cs, return_eip))
        return false;
    return far_enter_code(interp, &code, selector, cpu->cpl, eip, 0);
}

static bool transfer_to_system(struct interp *interp, const struct descriptor *descriptor, uint16_t selector,
                               bool is_call)
{
    uint16_t attributes = descriptor_attributes(descriptor);
    unsigned type = attributes_system_type(attributes), dpl = attributes_dpl(attributes);
    bool is_gate = type == SYSTEM_CALL_GATE16 || type == SYSTEM_CALL_GATE32;
    bool is_task = type == SYSTEM_TSS16 || type == SYSTEM_TSS32 || type == SYSTEM_TASK_GATE;

    if ((!is_gate && !is_task) || dpl < interp->cpu.cpl || dpl < (selector & 3u))
        return fault_selector(interp, EXC_GP, selector);
    if (!(attributes & ATTR_P))
        return fault_selector(interp, EXC_NP, selector);
    if (is_gate)
        return transfer_through_gate(interp, descriptor, is_call);
    return task_refuse(interp);
}

static bool transfer_protected(struct interp *interp, uint16_t selector, uint32_t eip, bool is_call, unsigned bytes)
{
    struct descriptor descriptor;

    if (selector_is_null(selector))
        return general_protection(interp);
    if (!descriptor_read(interp, selector, EXC_GP, 0, &descriptor))
        return false;
    uint16_t attributes = descriptor_attributes(&descriptor);
    if (attributes_are_code(attributes))
        return transfer_to_code(interp, &descriptor, selector, eip, is_call, bytes);
    return transfer_to_system(interp, &descriptor, selector, is_call);
}

static bool transfer(struct interp *interp, uint16_t selector, uint32_t eip, bool is_call, unsigned bytes)
{
    struct checkpoint before = far_checkpoint(interp);
    uint16_t cs = before.cs.selector;

    if (vcpu_is_protected(&interp->cpu))
        return transfer_protected(interp, selector, eip, is_call, bytes) || far_roll_back(interp, &before);
    if (is_call && !push_return(interp, bytes, cs, interp->cpu.eip))
        return far_roll_back(interp, &before);
    return enter_real_code(interp, selector, eip) || far_roll_back(interp, &before);
}

static bool far_immediate(struct interp *interp, const struct instruction *insn)
{
    return transfer(interp, insn->immediate2, insn->immediate, insn->opcode == 0x9A, insn->operand_bytes);
}

static bool far_indirect(struct interp *interp, const struct instruction *insn)
{
    uint32_t offset = operand_offset(interp, insn), eip;
    unsigned bytes = insn->operand_bytes;
    const void *source = read_at(interp, insn->segment, offset, bytes);

    if (source == NULL)
        return false;
    eip = bytes == 4 ? load(source, 4) : load(source, 2);
    source = read_at(interp, insn->segment, (offset + bytes) & insn->address_mask, 2);
    return source != NULL && transfer(interp, (uint16_t)load(source, 2), eip, insn->reg == 3, bytes);
}

static bool far_return(struct interp *interp, const struct instruction *insn)
{
    struct checkpoint before = far_checkpoint(interp);
    unsigned bytes = insn->operand_bytes, depth = 2 * bytes + insn->immediate;
    uint32_t eip, cs;

    if (!peek_value(interp, 0, bytes, &eip) || !peek_value(interp, bytes, bytes, &cs))
        return false;
    if (vcpu_is_protected(&interp->cpu))
        return return_protected(interp, (uint16_t)cs, eip, depth, insn->immediate, bytes) ||
               far_roll_back(interp, &before);
    move_stack(interp, depth);
    return enter_real_code(interp, (uint16_t)cs, eip) || far_roll_back(interp, &before);
}

/* CC and CD; the gate's own DPL is checked. */
static bool int_n(struct interp *interp, const struct instruction *insn)
{
    uint8_t vector = insn->opcode == 0xCC ? EXC_BP : (uint8_t)insn->immediate;

    return event_enter(interp, (struct event){ .vector = vector, .is_software = true });
}

static bool into(struct interp *interp, const struct instruction *insn)
{
    (void)insn;
    return !flag_of(interp) || event_enter(interp, (struct event){ .vector = EXC_OF, .is_software = true });
}

/* ICEBP: #DB as a trap, whatever the gate's DPL. */
static bool int1(struct interp *interp, const struct instruction *insn)
{
    (void)insn;
    return event_enter(interp, (struct event){ .vector = EXC_DB });
}

handler_t far_find(const struct instruction *insn)
{
    switch (insn->opcode) {
    case 0x9A: case 0xEA:
        return far_immediate;
    case 0xCA: case 0xCB:
        return far_return;
    case 0xCC: case 0xCD:
        return int_n;
    case 0xCE:
        return into;
    case 0xCF:
        return op_iret;
    case 0xF1:
        return int1;
    default:
        return insn->is_register ? NULL : far_indirect;
    }
}
