/*
 * trap.S - from the hypervisor's event frame to trap_dispatch(struct event *) and back by hv_iret; switching threads.
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
        .globl trap_entries
        .type trap_entries, @object
trap_entries:
        .set slot, 0
        .rept HV_IDT_SLOTS
        .balign 16
        pushl $slot
        jmp trap_common
        .set slot, slot + 1
        .endr
        .size trap_entries, . - trap_entries

/* A user program may have loaded null into DS or ES; SS is always good. */
        .type trap_common, @function
trap_common:
        pusha
        cld
        pushl %ss
        popl %ds
        pushl %ss
        popl %es
        pushl %esp
        call trap_dispatch
        addl $4, %esp
trap_return:
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
        leal EVENT_USER_END(%esp), %eax         /* user: the next trap starts at the top of the stack again */
        movl %eax, ARGUMENTS + 12(%esp)
2:      movl EVENT_EAX(%esp), %eax
        movl %eax, ARGUMENTS + 16(%esp)
        addl $ARGUMENTS, %esp
        movl $2, %eax                           /* HV_CALL_IRET: an enum, not visible to the assembler */
        int $HV_INT_VECTOR
        .size trap_common, . - trap_common

/* switch_stacks put ESP at the struct event. */
        .globl thread_start
        .type thread_start, @function
thread_start:
        call sched_switched
        jmp trap_return
        .size thread_start, . - thread_start

/* void switch_stacks(uint32_t *esp, uint32_t other_esp); what it pushes is struct switch_frame. */
        .globl switch_stacks
        .type switch_stacks, @function
switch_stacks:
        movl 4(%esp), %eax
        movl 8(%esp), %edx
        pushl %ebp
        pushl %ebx
        pushl %esi
        pushl %edi
        movl %esp, (%eax)
        movl %edx, %esp
        popl %edi
        popl %esi
        popl %ebx
        popl %ebp
        ret
        .size switch_stacks, . - switch_stacks

/*
 * uint32_t user_copy(void *to, const void *from, uint32_t bytes): the bytes NOT copied. A page fault at user_copy_at
 * that cannot be resolved goes on at user_copy_end, with the rest in ECX.
 */
        .globl user_copy, user_copy_at, user_copy_end
        .type user_copy, @function
user_copy:
        pushl %esi
        pushl %edi
        movl 12(%esp), %edi
        movl 16(%esp), %esi
        movl 20(%esp), %ecx
user_copy_at:
        rep movsb
user_copy_end:
        movl %ecx, %eax
        popl %edi
        popl %esi
        ret
        .size user_copy, . - user_copy

        .section .note.GNU-stack, "", @progbits
