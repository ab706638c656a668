/*
 * lean_fault.S - the hot path of trap.c's page_fault_from_guest: a hidden fault filled, or the guest's own reflected,
 * without saving a frame.
 *
 * What a fault is, pagetable/fill.c says, from here as from C. All that it does not settle, and what cannot be pushed,
 * starts over in C with nothing changed, as in lean.S; deliver.c then has the same rules, and the words for what is
 * wrong.
 */
#include "guest/lean_macros.inc"

/* R8: address and error code, R13: EIP. Spoils R12. */
    .macro RECORD_FAULT
    NEXT_EVENT(%r12d)
    movl $LEAN_SLOT_PF, G_AT(LEAN_EVENTS_RING, %r12, 1)
    movl %r8d, G_AT(LEAN_EVENTS_RING + 4, %r12, 1)
    movl %r13d, G_AT(LEAN_EVENTS_RING + 8, %r12, 1)
    .endm

    .text
/* #PF, from wherever it came; the error code is pushed. */
    .globl lean_page_fault
lean_page_fault:
    testb $3, LEAN_CS + 8(%rsp)
    jz page_fault_slow
    leaq 8(%rsp), %r15
    movq hv_resume_rsp(%rip), %rsp
    KEEP_REGISTERS
    movq %cr2, %rsi
    movl $LEAN_MAX_GVA, %eax
    subq $LEAN_BASE, %rsi
    cmpq %rax, %rsi                     /* beyond the segment: a #GP where there are no limits */
    ja page_fault_other
    movl -8(%r15), %edx
    andl $LEAN_ACCESS, %edx
    leaq G(LEAN_SPACE), %rdi
    cld
    call gspace_fault
    cmpl $LEAN_FILLED, %eax
    jne 1f
    TAKE_REGISTERS
    incq G(LEAN_HIDDEN_FAULTS)
    movq %r15, %rsp
    .globl lean_iretq_filled
lean_iretq_filled:
    iretq

1:  ja page_fault_other                 /* the guest ends */
    movl %eax, %r9d
    TAKE_REGISTERS
    movq %cr2, %r8
    subl $LEAN_BASE, %r8d
    shlq $32, %r9
    orq %r9, %r8                        /* error code and address, as the frame has them */
    FIND_HANDLER G(LEAN_IDT + 8 * LEAN_SLOT_PF), lean_fault_give_up
    LOOK_AT_INTERRUPTED
    cmpl $LEAN_KERNEL_CS, LEAN_CS(%r15) /* the only other one is guest user's */
    jne reflect_from_user
    movl LEAN_ESP(%r15), %r10d
    subl $LEAN_KERNEL_FRAME_BYTES, %r10d
    PUSH_FRAME %r8, LEAN_MODE_KERNEL, lean_fault_give_up
    RECORD_FAULT
    START_HANDLER
    movq %r15, %rsp
    .globl lean_iretq_fault
lean_iretq_fault:
    iretq

reflect_from_user:
    movl G(LEAN_ESP0), %r10d
    subl $LEAN_USER_FRAME_BYTES, %r10d
    movl LEAN_ESP(%r15), %r14d
    PUSH_FRAME %r8, LEAN_MODE_USER, lean_fault_give_up
    PUSH_USER_ESP lean_fault_give_up
    RECORD_FAULT
    START_HANDLER_FROM_USER
    movq %r15, %rsp
    .globl lean_iretq_fault_user
lean_iretq_fault_user:
    iretq

page_fault_other:
    TAKE_REGISTERS
    leaq -8(%r15), %rsp
page_fault_slow:
    pushq $LEAN_SLOT_PF
    jmp trap_page_fault

/* The push may have faulted, but this is about the guest's fault. */
    .globl lean_fault_give_up
lean_fault_give_up:
    movl %r8d, %r8d
    addq $LEAN_BASE, %r8
    movq %r8, %cr2
    leaq -8(%r15), %rsp
    jmp page_fault_slow

    .section .note.GNU-stack, "", @progbits
