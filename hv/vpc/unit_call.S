/*
 * unit_call.S - one instruction of the floating-point unit, as x86/fpu_operation.h wants it executed.
 */
#include "vpc/unit_slots.h"

    .text
/* void unit_call(uint8_t *image, const void *code, void *operand, uint32_t *eax, uint32_t *eflags) */
    .globl unit_call
unit_call:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    movq %rdi, %rbx
    movq %rsi, %rbp
    movq %rcx, %r12
    movq %r8, %r13
    fxrstor (%rbx)
    movq %rdx, %rdi
    movl (%r12), %eax
    movl (%r13), %ecx
    orl $2, %ecx                        /* interrupts stay off */
    pushq %rcx
    popfq
    call *%rbp
    pushfq
    popq %rcx
    cld
    movl %ecx, (%r13)
    movl %eax, (%r12)
    fxsave (%rbx)
    fninit                              /* an exception that waits must not reach who uses the unit next */
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

/* unit.c writes here, through the direct map. */
    .balign UNIT_SLOT_BYTES
    .globl unit_slots
unit_slots:
    .fill UNIT_SLOTS * UNIT_SLOT_BYTES, 1, 0xC3

    .section .note.GNU-stack, "", @progbits
