/*
 * calls.S - the least code that carries out hv_magic, a call with two words, and hv_iret, and breaks no rule of the
 * contract that protects the hypervisor: the number is compared, arguments are read from the guest, checked, and
 * stored. No counter, no record, no pending interrupt, no fault on the way. In the benchmark's own image only.
 */
#include "handler.h"

#define CALL_IRET 2
#define CALL_CURSOR 0xA
#define ROWS 25
#define COLUMNS 80
#define MAGIC 0xC001C0DE

    .text
    .globl floor_magic, floor_cursor, floor_iret, floor_resume, floor_refuse
floor_magic:
    testl %eax, %eax
    jnz floor_refuse
    movl $MAGIC, %eax
    iretq

floor_cursor:
    cmpl $CALL_CURSOR, %eax
    jne floor_refuse
    movl RSP(%rsp), %r8d
    movl FLOOR_BASE(%r8), %r9d
    movl FLOOR_BASE + 4(%r8), %r10d
    cmpl $ROWS - 1, %r9d
    ja floor_refuse
    cmpl $COLUMNS - 1, %r10d
    ja floor_refuse
    movl %r9d, floor_row(%rip)
    movl %r10d, floor_column(%rip)
    iretq

/* hv_iret: EIP and EFLAGS that are allowed to R9 and R10, ESP to R11; virtual IF and EAX are done. R8: the words. */
.macro READ_IRET
    cmpl $CALL_IRET, %eax
    jne floor_refuse
    movl RSP(%rsp), %r8d
    movl FLOOR_BASE(%r8), %r9d
    movl FLOOR_BASE + 4(%r8), %r10d
    cmpl $FLOOR_GVA_MAX, %r9d
    ja floor_refuse
    testl $FLOOR_FLAGS_REFUSED, %r10d
    jnz floor_refuse
    movl FLOOR_BASE + 8(%r8), %r11d
    movl %r10d, %r13d
    andl $FLOOR_IF, %r13d
    andl $FLOOR_FLAGS_SHOWN, %r10d
    orl $FLOOR_FLAGS_FORCED, %r10d
.endm

.macro LOAD_IRET
    movl FLOOR_BASE + 16(%r8), %eax
    movl %r13d, floor_if(%rip)
    movq %r9, RIP(%rsp)
    movq %r10, FLAGS(%rsp)
    movq %r11, RSP(%rsp)
.endm

/* To guest user. */
floor_iret:
    READ_IRET
    movl FLOOR_BASE + 12(%r8), %r12d
    testl %r12d, %r12d
    jz floor_refuse
    movl %r12d, floor_esp0(%rip)
    LOAD_IRET
    movq $FLOOR_USER_CS, CS(%rsp)
    movq $FLOOR_USER_SS, SS(%rsp)
    iretq

/* To guest kernel, where the call came from. */
floor_resume:
    READ_IRET
    cmpl $0, FLOOR_BASE + 12(%r8)
    jne floor_refuse
    LOAD_IRET
    iretq

floor_refuse:
    iretq

    .bss
    .balign 4
floor_row:
    .skip 4
floor_column:
    .skip 4

    .section .note.GNU-stack, "", @progbits
