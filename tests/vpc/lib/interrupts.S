/*
 * interrupts.S - 256 gates that lead to on_interrupt(frame) of C: frame has the registers, the vector, an error code.
 */
    .text
    .macro GATE vector
    .balign 16
    .if \vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17
    .else
    pushl $0
    .endif
    pushl $\vector
    jmp common
    .endm

    .balign 16
    .globl gates
gates:
    .set number, 0
    .rept 256
    GATE number
    .set number, number + 1
    .endr

common:
    pushal
    pushl %ds
    pushl %es
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    cld
    pushl %esp
    call on_interrupt
    addl $4, %esp
    popl %es
    popl %ds
    popal
    addl $8, %esp
    iret

    .section .note.GNU-stack, "", @progbits
