/*
 * event_frame.h - macros of assembly: from the event frame of the hypervisor to struct event (events.h), and back.
 *
 * event_entry.S is made of them. A kernel that must do more between the two, or starts threads on the way back, writes
 * its own common code around them, and has hv_setidt point to its entry points instead of event_handle.
 */
#ifndef EVENT_FRAME_H
#define EVENT_FRAME_H

#include "pebpeb.h"

#define EVENT_ENTRY_BYTES 16    /* from one entry point to the next */

#ifdef __ASSEMBLER__

#define EVENT_EAX 0             /* offsets when EDI..ECX are popped again; compare struct event */
#define EVENT_EIP 16
#define EVENT_MODE 20
#define EVENT_EFLAGS 24
#define EVENT_USER_ESP 28
#define EVENT_USER_END 32
#define ARGUMENTS 4             /* hv_iret's five words go over slot, address, error, EIP, mode */

/* An object of HV_IDT_SLOTS entry points; each pushes its slot and goes to common, which does PUSHA for the rest. */
        .macro entry_points table, common
        .balign EVENT_ENTRY_BYTES
        .globl \table
        .type \table, @object
\table:
        .set slot, 0
        .rept HV_IDT_SLOTS
        .balign EVENT_ENTRY_BYTES
        pushl $slot
        jmp \common
        .set slot, slot + 1
        .endr
        .size \table, . - \table
        .endm

/* ESP is at a struct event, virtual interrupts are off: the interrupted code goes on as the struct says. */
        .macro return_from_event
        popl %edi
        popl %esi
        popl %ebp
        addl $4, %esp
        popl %ebx
        popl %edx
        popl %ecx

        movl EVENT_EIP(%esp), %eax
        movl %eax, ARGUMENTS + 0(%esp)
        movl EVENT_EFLAGS(%esp), %eax
        movl %eax, ARGUMENTS + 4(%esp)
        cmpl $HV_MODE_USER, EVENT_MODE(%esp)
        je 1f
        leal EVENT_USER_ESP(%esp), %eax         /* kernel: its stack goes on above the frame */
        movl %eax, ARGUMENTS + 8(%esp)
        movl $0, ARGUMENTS + 12(%esp)
        jmp 2f
1:      movl EVENT_USER_ESP(%esp), %eax
        movl %eax, ARGUMENTS + 8(%esp)
        leal EVENT_USER_END(%esp), %eax         /* user: the next event starts where this one did */
        movl %eax, ARGUMENTS + 12(%esp)
2:      movl EVENT_EAX(%esp), %eax
        movl %eax, ARGUMENTS + 16(%esp)
        addl $ARGUMENTS, %esp
        movl $2, %eax                           /* HV_CALL_IRET: an enum, not visible to the assembler */
        int $HV_INT_VECTOR
        .endm

#endif
#endif
