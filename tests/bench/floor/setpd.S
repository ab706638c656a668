/*
 * setpd.S - the least code that carries out hv_setpd: of a directory that is known, with nothing changed; and of one in
 * which some tables may have changed since they were last read, which are compared with copies.
 */
#include "handler.h"

#define CALL_SETPD 6
#define PAGE_SHIFT 12
#define RIGHTS 7

/* struct floor_directory and struct floor_table of region.h, which are checked in region.c */
#define DIRECTORY_ADDRESS 0
#define DIRECTORY_ROOT 8
#define DIRECTORY_DIRTY 16
#define DIRECTORY_BYTES 24
#define TABLE_ENTRIES_AT 0
#define TABLE_COPY 8
#define TABLE_LEAVES 16
#define TABLE_BYTES 32
#define TABLE_WORDS 512             /* of 64 bits */
#define HALF_SHIFT 8                /* that many of them make one half's leaves */

/* The words of hv_setpd: directory to R9, and wp is not 0. */
.macro READ_SETPD
    cmpl $CALL_SETPD, %eax
    jne floor_refuse
    movl RSP(%rsp), %r8d
    movl FLOOR_BASE(%r8), %r9d
    cmpl $0, FLOOR_BASE + 4(%r8)
    je floor_refuse
.endm

    .text
    .globl floor_setpd, floor_setpd_changed
floor_setpd:
    READ_SETPD
    movq $floor_directories, %r8
    cmpl DIRECTORY_ADDRESS(%r8), %r9d
    je 1f
    addq $DIRECTORY_BYTES, %r8
    cmpl DIRECTORY_ADDRESS(%r8), %r9d
    jne floor_refuse
1:  movq DIRECTORY_DIRTY(%r8), %r10
    cmpb $0, (%r10)
    jne floor_refuse
    movq DIRECTORY_ROOT(%r8), %r10
    movq %r10, %cr3
    movl %r9d, floor_current(%rip)
    iretq

/* The entry that the copy has otherwise, at an offset from the pair: its leaf, at R15, is made again. */
.macro COMPARE_ENTRY offset, leaf
    movl \offset - 8(%rsi), %r13d
    cmpl \offset - 8(%rdi), %r13d
    je 4f
    movl %r13d, %r14d
    andl $RIGHTS, %r14d
    cmpl $RIGHTS, %r14d
    jne floor_changed_refuse
    movl %r13d, %r14d
    shrl $PAGE_SHIFT, %r14d
    cmpl floor_frame_count(%rip), %r14d
    jae floor_changed_refuse
    movq floor_leaf_of(, %r14, 8), %r14
    testq %r14, %r14
    jz floor_changed_refuse
    movl %r13d, \offset - 8(%rdi)
    movq %r14, \leaf(%r15)
4:
.endm

/* For the first of floor_directories. */
floor_setpd_changed:
    READ_SETPD
    cmpl floor_directories(%rip), %r9d
    jne floor_refuse
    movq %rcx, %r8
    movq %rsi, %r9
    movq %rdi, %r10
    movq $floor_tables, %r11
    movl floor_table_count(%rip), %r12d
    cld
1:  movq TABLE_ENTRIES_AT(%r11), %rsi
    movq TABLE_COPY(%r11), %rdi
    movl $TABLE_WORDS, %ecx
2:  repe cmpsq
    jne 3f
    addq $TABLE_BYTES, %r11
    decl %r12d
    jnz 1b
    movq floor_directories + DIRECTORY_ROOT(%rip), %r12
    movq %r12, %cr3
floor_changed_refuse:
    movq %r8, %rcx
    movq %r9, %rsi
    movq %r10, %rdi
    iretq

3:  movl $TABLE_WORDS - 1, %r14d
    subl %ecx, %r14d
    movl %r14d, %r15d
    shrl $HALF_SHIFT, %r15d
    movq TABLE_LEAVES(%r11, %r15, 8), %r15
    andl $(1 << HALF_SHIFT) - 1, %r14d
    shll $4, %r14d
    addq %r14, %r15
    COMPARE_ENTRY 0, 0
    COMPARE_ENTRY 4, 8
    cmpl %ecx, %ecx                 /* equal, for the case that none is left */
    jmp 2b

    .bss
    .balign 4
floor_current:                      /* the directory that is loaded */
    .skip 4

    .section .note.GNU-stack, "", @progbits
