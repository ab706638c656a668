/*
 * lean_hlt.S - the hot path of HLT: guest kernel with virtual IF on and nothing pending sleeps, and its turn is over.
 *
 * HLT is privileged and comes as #GP, like much else: trap.c, which is the reference, tells which it was. Here only the
 * plain byte is looked for, where it would be a HLT that the contract allows; all else starts over in C with nothing
 * changed. #GP pushes an error code, so the processor's five words are 8 bytes above RSP.
 */
#include "guest/lean_macros.inc"

    .text
/* #GP, from wherever it came; the error code is pushed. */
    .globl lean_general_protection
lean_general_protection:
    testl $CONTEXT_EFLAGS_NEVER, LEAN_EFLAGS + 8(%rsp)
    jnz general_protection_slow
    cmpl $SEL_GUEST_KERNEL_CS, LEAN_CS + 8(%rsp)
    jne general_protection_slow
    leaq 8(%rsp), %r15
    cmpl $1, G(LEAN_VIRQ_ENABLED)       /* on, and nothing is pending: the mask is in the same word */
    jne general_protection_slow
    movl (%r15), %r8d
    movq G(CONTEXT_RESUME), %rsp        /* a fault needs a stack */
1:  cmpb $OPCODE_HLT, GUEST_LINEAR_BASE(%r8)
    MAY_FAULT(1b, general_protection_give_up)
    jne general_protection_give_up
    incq (%r15)
    movl $LEAN_HALTED, G(LEAN_ACTIVITY)
    leaq -8(%r15), %rsp
    pushq $EXC_GP
    jmp trap_turn_over

general_protection_give_up:
    leaq -8(%r15), %rsp
general_protection_slow:
    pushq $EXC_GP
    jmp trap_common

    .section .note.GNU-stack, "", @progbits
