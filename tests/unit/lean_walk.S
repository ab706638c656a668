/*
 * lean_walk.S - hv/guest/lean_walk.inc as a function: uint32_t lean_walk(struct guest *, uint32_t address, uint32_t
 * access) gives the error code, or WALK_UNDECIDED of test_lean_walk.c.
 */
#define LEAN_DIRECT_MAP 0x200000000000
#include "guest/lean_macros.inc"
#include "guest/lean_walk.inc"

    .text
    .globl lean_walk
lean_walk:
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    leaq FRAME_EIP(%rdi), %r15
    movl %esi, %r8d
    movl %edx, %r14d
    movq G(LEAN_SHADOWS), %r9
    WALK_GUEST undecided
    movl %r14d, %eax
    jmp done
undecided:
    movl $8, %eax
done:
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    ret

    .section .note.GNU-stack, "", @progbits
