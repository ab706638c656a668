/*
 * far.h - what jumps, calls, returns and events share that may change the code segment and the privilege (PURE).
 *
 * Such an instruction changes things one by one and may fault at any of them: it takes a checkpoint first, and goes
 * back to that.
 */
#ifndef VPC_X86_FAR_H
#define VPC_X86_FAR_H

#include "vpc/x86/descriptor.h"
#include "vpc/x86/interp.h"

struct checkpoint {
    struct segment cs, ss;
    uint32_t esp;
    uint8_t cpl;
};

struct checkpoint far_checkpoint(const struct interp *interp);

/* Gives false, for the handler to return. */
bool far_roll_back(struct interp *interp, const struct checkpoint *checkpoint);

/* Take CS, CPL and EIP, in protected mode. #GP(external) if EIP is beyond the limit. */
bool far_enter_code(struct interp *interp, const struct descriptor *code, uint16_t selector, unsigned cpl,
                    uint32_t eip, unsigned external);

/* The stack for an inner privilege, from the TSS; CPL becomes that privilege. SDM vol. 3 "Stack Switching". */
bool far_enter_stack(struct interp *interp, unsigned cpl, unsigned external);

/* The flags that IRET may set, by the privilege that executes it; bytes: of its operands. */
uint32_t far_iret_mask(const struct vcpu *cpu, unsigned bytes);

/* After a return to an outer privilege: what that may not have is taken from DS, ES, FS and GS. */
void far_drop_segments(struct interp *interp);

/* A fault of the new stack names its selector: vol. 2 "CALL", "INT n", #SS(new SS selector). Gives false. */
bool far_name_stack(struct interp *interp, unsigned external);

/* A gate's target. */
static inline uint16_t gate_selector(const struct descriptor *gate)
{
    return (uint16_t)(gate->low >> 16);
}

static inline uint32_t gate_offset(const struct descriptor *gate, bool is_32bit)
{
    return (gate->low & 0xFFFF) | (is_32bit ? gate->high & 0xFFFF0000u : 0);
}

#endif
