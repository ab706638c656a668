/*
 * return.c - RETF and IRET (PURE). SDM vol. 2 "RET", "IRET/IRETD", vol. 3 "Returning from a Called Procedure".
 *
 * A return goes to the same privilege or outwards, never inwards: what lies on the stack is the returning code's own
 * word, and must not give it more than it has. Everything is read with peeks; ESP moves only when CS and SS have
 * passed.
 */
#include "vpc/x86/return.h"

#include "vpc/x86/access.h"
#include "vpc/x86/descriptor.h"
#include "vpc/x86/far.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/state.h"
#include "vpc/x86/task.h"

static bool check_return_code(struct interp *interp, uint16_t selector, struct descriptor *code)
{
    unsigned rpl = selector & 3;

    if (selector_is_null(selector))
        return general_protection(interp);
    if (!descriptor_read(interp, selector, EXC_GP, 0, code))
        return false;
    if (descriptor_is_known(interp, code, selector, DESCRIPTOR_FOR_RETURN, rpl))
        return true;
    uint16_t attributes = descriptor_attributes(code);
    unsigned dpl = attributes_dpl(attributes);
    /* The RPL of the CS on the stack is the privilege to return to. */
    if (!attributes_are_code(attributes) || rpl < interp->cpu.cpl ||
        (attributes & ATTR_CONFORMING ? dpl > rpl : dpl != rpl))
        return fault_selector(interp, EXC_GP, selector);
    return attributes & ATTR_P || fault_selector(interp, EXC_NP, selector);
}

static bool return_outer(struct interp *interp, uint16_t cs, const struct descriptor *code, uint32_t eip,
                         uint32_t depth, uint32_t release, unsigned bytes)
{
    struct descriptor stack;
    uint32_t esp, ss;
    unsigned cpl = cs & 3;

    if (!peek_value(interp, depth, bytes, &esp) || !peek_value(interp, depth + bytes, bytes, &ss) ||
        !stack_segment_check(interp, (uint16_t)ss, cpl, EXC_GP, 0, &stack) ||
        !far_enter_code(interp, code, cs, cpl, eip, 0) || !segment_take(interp, SEG_SS, &stack, (uint16_t)ss))
        return false;
    /* A 16-bit stack takes SP only. */
    uint32_t mask = interp->stack_mask;
    interp->cpu.gpr[GPR_ESP] = (interp->cpu.gpr[GPR_ESP] & ~mask) | (esp & mask);
    move_stack(interp, release);
    far_drop_segments(interp);
    return true;
}

bool return_protected(struct interp *interp, uint16_t cs, uint32_t eip, uint32_t depth, uint32_t release,
                      unsigned bytes)
{
    struct descriptor code;

    if (!check_return_code(interp, cs, &code))
        return false;
    if ((cs & 3) != interp->cpu.cpl)
        return return_outer(interp, cs, &code, eip, depth, release, bytes);
    if (!far_enter_code(interp, &code, cs, cs & 3, eip, 0))
        return false;
    move_stack(interp, depth);
    return true;
}

static bool iret_real(struct interp *interp, uint16_t cs, uint32_t eip, unsigned bytes)
{
    if (eip > interp->cpu.segments[SEG_CS].limit)
        return general_protection(interp);
    interp->cpu.eip = eip;
    move_stack(interp, 3 * bytes);
    return segment_load(interp, SEG_CS, cs);
}

static bool is_way_to_virtual_8086(struct interp *interp, uint32_t eflags, unsigned bytes)
{
    if (bytes == 2 || !(eflags & EFLAGS_VM) || interp->cpu.cpl != 0)
        return false;
    interp->cpu.refusals.virtual_8086++;
    return true;
}

bool op_iret(struct interp *interp, const struct instruction *insn)
{
    struct vcpu *cpu = &interp->cpu;
    unsigned bytes = insn->operand_bytes;

    if (bytes == 4 && iret_known(interp))
        return true;
    struct checkpoint before = far_checkpoint(interp);
    uint32_t eip, cs, eflags, mask = far_iret_mask(cpu, bytes);
    bool is_protected = vcpu_is_protected(cpu);

    if (is_protected && cpu->eflags & EFLAGS_NT)
        return task_refuse(interp);
    if (!peek_value(interp, 0, bytes, &eip) || !peek_value(interp, bytes, bytes, &cs) ||
        !peek_value(interp, 2 * bytes, bytes, &eflags))
        return false;
    if (is_protected && is_way_to_virtual_8086(interp, eflags, bytes))
        return general_protection(interp);
    if (!(is_protected ? return_protected(interp, (uint16_t)cs, eip, 3 * bytes, 0, bytes) :
                         iret_real(interp, (uint16_t)cs, eip, bytes)))
        return far_roll_back(interp, &before);
    /*
     * Any IRET ends the blocking of NMIs, whether or not it returns from one: SDM vol. 3 "Nonmaskable Interrupt (NMI)".
     */
    cpu->is_in_nmi = false;
    state_set_eflags(interp, (flags_read(interp) & ~mask) | (eflags & mask));
    return true;
}
