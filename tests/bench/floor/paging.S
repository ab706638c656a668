/*
 * paging.S - the least code that fills a page's leaf after a hidden fault, flips it, or reads it again: the guest's
 * entry is read and checked, the frame's leaf is looked up, and written. All for the 2 MiB that region.c remembers, and
 * for guest kernel; everything else is the shipped handler's, or refused.
 */
#include "handler.h"

#define CALL_ADJUSTPG 7
#define ERROR_BYTES 8
#define ERROR_FLIP 3                /* a write, by the kernel, to what is present */
#define REGION_PAGES 512
#define PAGE_SHIFT 12
#define RIGHTS 7                    /* of an entry: P, W, U */
#define RIGHTS_FLIP 5
#define LEAF_USER 4

/* R8d: an offset from the region's start. To R10 the leaf for that page, if its entry has just these rights. */
.macro FIND_LEAF rights, otherwise
    cmpl $REGION_PAGES, %r8d
    jae \otherwise
    movq floor_entries(%rip), %r9
    movl (%r9, %r8, 4), %r9d
    movl %r9d, %r10d
    andl $RIGHTS, %r9d
    cmpl $\rights, %r9d
    jne \otherwise
    shrl $PAGE_SHIFT, %r10d
    cmpl floor_frame_count(%rip), %r10d
    jae \otherwise
    movq floor_leaf_of(, %r10, 8), %r10
    testq %r10, %r10                /* not there yet, or traced */
    jz \otherwise
    movq floor_leaves(%rip), %r11
.endm

    .text
    .globl floor_hidden, floor_flip, floor_adjustpg
floor_hidden:
    cmpl $FLOOR_KERNEL_CS, ERROR_BYTES + CS(%rsp)
    jne floor_fault_shipped
    movq %cr2, %r8
    subl floor_region(%rip), %r8d
    shrl $PAGE_SHIFT, %r8d
    FIND_LEAF RIGHTS, floor_fault_shipped
    movq %r10, (%r11, %r8, 8)
    addq $ERROR_BYTES, %rsp
    iretq

floor_flip:
    cmpl $FLOOR_KERNEL_CS, ERROR_BYTES + CS(%rsp)
    jne floor_fault_shipped
    cmpl $ERROR_FLIP, (%rsp)
    jne floor_fault_shipped
    movq %cr2, %r12
    movl %r12d, %r8d
    subl floor_region(%rip), %r8d
    shrl $PAGE_SHIFT, %r8d
    FIND_LEAF RIGHTS_FLIP, floor_fault_shipped
    xorq $LEAF_USER, %r10
    movq %r10, (%r11, %r8, 8)
    invlpg (%r12)
    addq $ERROR_BYTES, %rsp
    iretq

floor_adjustpg:
    cmpl $CALL_ADJUSTPG, %eax
    jne floor_refuse
    movl RSP(%rsp), %r8d
    movl FLOOR_BASE(%r8), %r12d
    leal FLOOR_BASE(%r12), %r8d
    subl floor_region(%rip), %r8d
    rorl $PAGE_SHIFT, %r8d          /* an address that is not aligned is far away */
    FIND_LEAF RIGHTS, floor_refuse
    movq %r10, (%r11, %r8, 8)
    invlpg FLOOR_BASE(%r12)
    iretq

    .section .note.GNU-stack, "", @progbits
