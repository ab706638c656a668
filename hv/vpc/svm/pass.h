/*
 * pass.h - how what was done for a guest without the interpreter ends (PURE, inline).
 */
#ifndef VPC_SVM_PASS_H
#define VPC_SVM_PASS_H

#include "cpu/x86.h"
#include "vpc/ports.h"
#include "vpc/svm/svm.h"

/* After an instruction that was done for the guest. */
static inline void pass_instruction(struct vmcb *vmcb, uint32_t next_eip)
{
    vmcb->rip = next_eip;
    vmcb->rflags &= ~(uint64_t)EFLAGS_RF;
    vmcb->shadow = 0;
}

/* An interrupt waits, and can begin, or nothing tells yet when it can. A guest that is closed to it goes on. */
static inline bool has_news(const struct vpc *vpc, const struct vmcb *vmcb)
{
    return vpc->interp.cpu.has_interrupt && (vmcb->rflags & EFLAGS_IF || !(vmcb->interrupt_control & VMCB_V_IRQ));
}

/*
 * After what was done for it: may the guest go on as it is, or has something come up? Before it was entered all was
 * seen to, so there is nothing to look at but for what settled lines or asked for a stop. (Of one that moves between
 * the engines, which is looked at after each exit, enter_svm says that its lines were settled.)
 */
static inline enum svm_next look_around(const struct vpc *vpc)
{
    return (enum svm_next)vpc_wants_look(vpc);
}

/* The same after one at which frames of the guest's may have moved. */
static inline enum svm_next look_around_memory(const struct vpc *vpc)
{
    return vpc->svm->nested.must_flush ? SVM_DONE : look_around(vpc);
}

#endif
