/*
 * crt0.S - _main: where the kernel enters a program. What main returns becomes the status of the task.
 *
 * On the stack: a return address of 0, argc, argv, stack_high, stack_low.
 */
#include "pebbles/syscalls.h"

        .section .text.start, "ax", @progbits
        .globl _main
        .type _main, @function
_main:
        movl 12(%esp), %eax
        movl %eax, main_stack_high
        movl 16(%esp), %eax
        movl %eax, main_stack_low
        xorl %ebp, %ebp                 /* ends backtraces */
        pushl 8(%esp)                   /* argv */
        pushl 8(%esp)                   /* argc */
        call main
        pushl %eax
        call task_vanish
        .size _main, . - _main

        .bss
        .balign 4
        .globl main_stack_high, main_stack_low
main_stack_high: .long 0
main_stack_low: .long 0
        .section .note.GNU-stack, "", @progbits
