/*
 * trap.S - from the hypervisor's event frame to trap_dispatch(struct event *) and back by hv_iret; switching threads.
 */
#include "event_frame.h"

        .text
        entry_points trap_entries, trap_common

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
        return_from_event
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
