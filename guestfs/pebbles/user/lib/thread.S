/*
 * thread.S - thread_start: thread_fork with a stack of its own for the new thread.
 *
 * Both threads come out of the system call with the same registers but EAX, so the new one finds its stack, function
 * and argument there and never touches its parent's stack.
 */
#include "pebbles/syscalls.h"

        .section .text.thread_start, "ax", @progbits
        .globl thread_start
        .type thread_start, @function
thread_start:
        pushl %ebx
        pushl %esi
        pushl %edi
        movl 16(%esp), %ebx             /* stack_end */
        movl 20(%esp), %esi             /* function */
        movl 24(%esp), %edi             /* argument */
        int $THREAD_FORK
        testl %eax, %eax
        jz 1f
        popl %edi
        popl %esi
        popl %ebx
        ret
1:      movl %ebx, %esp
        xorl %ebp, %ebp
        pushl %edi
        call *%esi
        call vanish
        .size thread_start, . - thread_start

#define X(number, NAME, name, words) .set NAME, number;
PEBBLES_CALLS(X)
        .section .note.GNU-stack, "", @progbits
