/*
 * floor.S - the least code that carries out four operations and breaks no rule of the contract that protects the
 * hypervisor: the number is compared, arguments are read from the guest, checked, and stored. No counter, no record, no
 * pending interrupt, no fault on the way. In the benchmark's own image only.
 */
#include "floor.h"

#define SEL_KERNEL_CS 0x19           /* hv/cpu/desc.h; floor.c checks them */
#define SEL_KERNEL_SS 0x21
#define SEL_USER_CS 0x2B
#define SEL_USER_SS 0x33

#define BASE 0x1000000              /* guest address 0 */
#define RIP 0                       /* what the processor pushed */
#define CS 8
#define FLAGS 16
#define RSP 24
#define SS 32
#define FLAGS_SHOWN 0x00010DD5      /* arithmetic flags, DF, TF, RF */
#define FLAGS_REFUSED 0xFFFEF028    /* hv_iret: everything but these, IF and bit 1 */
#define FLAGS_FORCED 0x202
#define FLAGS_CLEARED (~0x00010100) /* TF and RF */
#define MODE_USER 0x13370000
#define GVA_MAX 0xFEFFFFFF
#define MAGIC 0xC001C0DE

    .text
    .globl floor_magic, floor_cursor, floor_iret, floor_int
floor_magic:
    testl %eax, %eax
    jnz floor_refuse
    movl $MAGIC, %eax
    iretq

floor_cursor:
    cmpl $0xA, %eax
    jne floor_refuse
    movl RSP(%rsp), %r8d
    movl BASE(%r8), %r9d
    movl BASE + 4(%r8), %r10d
    cmpl $24, %r9d
    ja floor_refuse
    cmpl $79, %r10d
    ja floor_refuse
    movl %r9d, floor_row(%rip)
    movl %r10d, floor_column(%rip)
    iretq

/* To guest user only. */
floor_iret:
    movl RSP(%rsp), %r8d
    movl BASE(%r8), %r9d
    movl BASE + 4(%r8), %r10d
    movl BASE + 8(%r8), %r11d
    movl BASE + 12(%r8), %r12d
    movl BASE + 16(%r8), %eax
    cmpl $GVA_MAX, %r9d
    ja floor_refuse
    testl $FLAGS_REFUSED, %r10d
    jnz floor_refuse
    andl $FLAGS_SHOWN, %r10d
    orl $FLAGS_FORCED, %r10d
    movl %r12d, floor_esp0(%rip)
    movq %r9, RIP(%rsp)
    movq $SEL_USER_CS, CS(%rsp)
    movq %r10, FLAGS(%rsp)
    movq %r11, RSP(%rsp)
    movq $SEL_USER_SS, SS(%rsp)
    iretq

floor_int:
    movl floor_esp0(%rip), %r8d
    subl $24, %r8d
    movl RIP(%rsp), %r9d
    movl FLAGS(%rsp), %r10d
    movl RSP(%rsp), %r11d
    andl $FLAGS_SHOWN, %r10d
    movq $0, BASE(%r8)              /* address, error code */
    movl %r9d, BASE + 8(%r8)
    movl $MODE_USER, BASE + 12(%r8)
    movl %r10d, BASE + 16(%r8)
    movl %r11d, BASE + 20(%r8)
    movl floor_entry(%rip), %r9d
    movq %r9, RIP(%rsp)
    movq $SEL_KERNEL_CS, CS(%rsp)
    andl $FLAGS_CLEARED, FLAGS(%rsp)
    movq %r8, RSP(%rsp)
    movq $SEL_KERNEL_SS, SS(%rsp)
    iretq

floor_refuse:
    iretq

/* void floor_read_idt(void *idtr): 10 bytes. */
    .globl floor_read_idt
floor_read_idt:
    sidt (%rdi)
    ret

    .bss
    .globl floor_entry
    .balign 4
floor_entry:                        /* the guest kernel's handler */
    .skip 4
floor_esp0:
    .skip 4
floor_row:
    .skip 4
floor_column:
    .skip 4

    .section .note.GNU-stack, "", @progbits
