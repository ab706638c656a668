/*
 * printing.S - the least code that takes the bytes of hv_print, and that gives them to the serial line later: a copy in
 * whole words, and a FIFO full for each look at the line status.
 */
#include "handler.h"

#define CALL_PRINT 8
#define BUFFER_BYTES 4096
#define ROW_MOST 128
#define PORT 0x3F8
#define LINE_STATUS 5
#define FIFO_EMPTY 0x20
#define FIFO_BYTES 16

    .text
    .globl floor_print, floor_drain
floor_print:
    cmpl $CALL_PRINT, %eax
    jne floor_refuse
    movl RSP(%rsp), %r8d
    movl FLOOR_BASE(%r8), %r9d      /* bytes */
    movl FLOOR_BASE + 4(%r8), %r10d
    cmpl $ROW_MOST, %r9d
    ja floor_refuse
    cmpl $FLOOR_GVA_MAX - ROW_MOST, %r10d
    ja floor_refuse
    movl floor_byte_count(%rip), %r11d
    cmpl $BUFFER_BYTES - ROW_MOST, %r11d
    ja floor_refuse
    movq %rcx, %r12
    movq %rsi, %r13
    movq %rdi, %r14
    leal FLOOR_BASE(%r10), %esi
    leaq floor_buffer(%r11), %rdi
    leal 7(%r9), %ecx
    shrl $3, %ecx
    cld
    rep movsq
    addl %r9d, floor_byte_count(%rip)
    movq %r12, %rcx
    movq %r13, %rsi
    movq %r14, %rdi
    iretq

floor_drain:
    movq %rcx, %r8
    movq %rdx, %r9
    movq %rsi, %r10
    movq %rax, %r11
    movq $floor_buffer, %rsi
    movl floor_byte_count(%rip), %r12d
    movl $FIFO_BYTES, %r13d
    cld
1:  movl $PORT + LINE_STATUS, %edx
2:  inb %dx, %al
    testb $FIFO_EMPTY, %al
    jz 2b
    movl $PORT, %edx
    movl %r13d, %ecx
    cmpl %ecx, %r12d
    cmovb %r12d, %ecx
    subl %ecx, %r12d
    rep outsb
    ja 1b
    movl $0, floor_byte_count(%rip)
    movq %r8, %rcx
    movq %r9, %rdx
    movq %r10, %rsi
    movq %r11, %rax
    iretq

    .bss
    .globl floor_buffer
    .balign 16
floor_buffer:
    .skip BUFFER_BYTES
floor_byte_count:
    .skip 4

    .section .note.GNU-stack, "", @progbits
