/*
 * events.S - the least code that takes a timer tick, and that gives a guest's kernel an INT n of guest user, a tick or
 * a page fault of its own: the frame is pushed, the handler starts. What a handler does not know is the shipped one's,
 * or refused; no write to the guest's stack faults.
 */
#include "handler.h"

#define APIC_EOI 0xB0
#define APIC_COUNT 0x380
#define ERROR_BYTES 8               /* what a page fault has below the frame */
#define ERROR_SHOWN 6               /* W and U: nothing is present there */

/* The flags that the frame shows, in the register; the fixed one is always set. */
.macro SHOW_FLAGS register
    movl FLAGS(%rsp), \register
    andl $FLOOR_FLAGS_SHOWN | FLOOR_FIXED, \register
    orl floor_if(%rip), \register
.endm

/* Go on in the guest kernel's handler with the stack in R10. */
.macro START_HANDLER
    movl $0, floor_if(%rip)
    movl floor_entry(%rip), %r9d
    movq %r9, RIP(%rsp)
    andl $FLOOR_FLAGS_CLEARED, FLAGS(%rsp)
    movq %r10, RSP(%rsp)
.endm

    .text
    .globl floor_int, floor_tick, floor_reflect
floor_int:
    cmpl $FLOOR_USER_CS, CS(%rsp)
    jne floor_refuse
    movl floor_esp0(%rip), %r10d
    subl $FLOOR_USER_FRAME_BYTES, %r10d
    movl RIP(%rsp), %r8d
    movl RSP(%rsp), %r9d
    SHOW_FLAGS %r11d
    movq $0, FLOOR_BASE(%r10)       /* address, error code */
    movl %r8d, FLOOR_BASE + 8(%r10)
    movl $FLOOR_MODE_USER, FLOOR_BASE + 12(%r10)
    movl %r11d, FLOOR_BASE + 16(%r10)
    movl %r9d, FLOOR_BASE + 20(%r10)
    START_HANDLER
    movq $FLOOR_KERNEL_CS, CS(%rsp)
    movq $FLOOR_KERNEL_SS, SS(%rsp)
    iretq

/* From guest kernel. floor_ticks is the tick that waits for the guest, too. */
floor_tick:
    cmpl $FLOOR_KERNEL_CS, CS(%rsp)
    jne floor_tick_shipped
    movq floor_apic(%rip), %r8
    movl floor_period(%rip), %r9d
    movl $0, APIC_EOI(%r8)
    movl %r9d, APIC_COUNT(%r8)
    incl floor_ticks(%rip)
    cmpl $0, floor_if(%rip)
    jne floor_deliver_tick
    iretq

floor_deliver_tick:
    movl RSP(%rsp), %r10d
    subl $FLOOR_KERNEL_FRAME_BYTES, %r10d
    movl RIP(%rsp), %r8d
    SHOW_FLAGS %r11d
    movq $0, FLOOR_BASE(%r10)
    movl %r8d, FLOOR_BASE + 8(%r10)
    movl $FLOOR_MODE_KERNEL, FLOOR_BASE + 12(%r10)
    movl %r11d, FLOOR_BASE + 16(%r10)
    START_HANDLER
    iretq

floor_tick_shipped:
    jmp *floor_shipped_tick(%rip)

/* A page fault of guest kernel beyond RAM while paging is off: not present, whatever the hypervisor's tables say. */
floor_reflect:
    cmpl $FLOOR_KERNEL_CS, ERROR_BYTES + CS(%rsp)
    jne floor_fault_shipped
    movq %cr2, %r8
    subl $FLOOR_BASE, %r8d
    jb floor_fault_shipped          /* beyond the segment, on an emulator that has no limits */
    cmpl floor_ram_bytes(%rip), %r8d
    jb floor_fault_shipped
    popq %r9
    andl $ERROR_SHOWN, %r9d
    movl RSP(%rsp), %r10d
    subl $FLOOR_KERNEL_FRAME_BYTES, %r10d
    movl RIP(%rsp), %r12d
    SHOW_FLAGS %r11d
    movl %r8d, FLOOR_BASE(%r10)
    movl %r9d, FLOOR_BASE + 4(%r10)
    movl %r12d, FLOOR_BASE + 8(%r10)
    movl $FLOOR_MODE_KERNEL, FLOOR_BASE + 12(%r10)
    movl %r11d, FLOOR_BASE + 16(%r10)
    START_HANDLER
    iretq

    .globl floor_fault_shipped
floor_fault_shipped:
    jmp *floor_shipped_fault(%rip)

    .bss
    .globl floor_entry, floor_if, floor_esp0, floor_ticks, floor_period, floor_ram_bytes
    .globl floor_apic, floor_shipped_tick, floor_shipped_fault
    .balign 8
floor_apic:
    .skip 8
floor_shipped_tick:
    .skip 8
floor_shipped_fault:
    .skip 8
floor_entry:                        /* the guest kernel's handler */
    .skip 4
floor_if:                           /* the guest's virtual IF, as the bit in EFLAGS */
    .skip 4
floor_esp0:
    .skip 4
floor_ticks:
    .skip 4
floor_period:                       /* of the APIC's timer */
    .skip 4
floor_ram_bytes:
    .skip 4

    .section .note.GNU-stack, "", @progbits
