/*
 * event_entry.S - from the hypervisor's event frame to event_dispatch(struct event *) and back by hv_iret.
 */
#include "pebpeb.h"

#define EVENT_EAX 0             /* offsets when EDI..ECX are popped again; compare struct event */
#define EVENT_EIP 16
#define EVENT_MODE 20
#define EVENT_EFLAGS 24
#define EVENT_USER_ESP 28
#define EVENT_USER_END 32
#define ARGUMENTS 4             /* hv_iret's five words go over slot, address, error, EIP, mode */

        .text
        .balign 16
        .globl event_entries
        .type event_entries, @object
event_entries:
        .set slot, 0
        .rept HV_IDT_SLOTS
        .balign 16
        pushl $slot
        jmp event_common
        .set slot, slot + 1
        .endr
        .size event_entries, . - event_entries

        .type event_common, @function
event_common:
        pusha
        cld
        pushl %esp
        call event_dispatch
        addl $4, %esp
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
        leal EVENT_USER_END(%esp), %eax         /* user: the next trap starts where this one did */
        movl %eax, ARGUMENTS + 12(%esp)
2:      movl EVENT_EAX(%esp), %eax
        movl %eax, ARGUMENTS + 16(%esp)
        addl $ARGUMENTS, %esp
        movl $2, %eax                           /* HV_CALL_IRET: an enum, not visible to the assembler */
        int $HV_INT_VECTOR
        .size event_common, . - event_common
