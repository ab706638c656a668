/*
 * crt0.S - the guest's first instructions: note what the hypervisor put into the registers, make a stack, call main.
 *
 * A guest starts with ESP = 0, so the registers go to fixed places by MOV, which changes no flag either.
 */
#define STACK_BYTES 16384

        .section .text.start, "ax", @progbits
        .globl _start
        .type _start, @function
_start:
        movl %eax, sdk_launch + 0
        movl %ebx, sdk_launch + 4
        movl %ecx, sdk_launch + 8
        movl %edx, sdk_launch + 12
        movl %esi, sdk_launch + 16
        movl %edi, sdk_launch + 20
        movl %ebp, sdk_launch + 24
        movl %esp, sdk_launch + 28
        movl $sdk_stack_top, %esp
        pushfl
        popl sdk_launch + 32
        call main
        pushl %eax
        call hv_exit
        .size _start, . - _start

        .section .bss, "aw", @nobits
        .balign 16
        .globl sdk_launch
        .type sdk_launch, @object
sdk_launch:
        .skip 36
        .size sdk_launch, 36

        .balign 4096
        .globl sdk_stack
        .type sdk_stack, @object
sdk_stack:
        .skip STACK_BYTES
        .size sdk_stack, STACK_BYTES
        .globl sdk_stack_top
sdk_stack_top:

        .section .note.GNU-stack, "", @progbits
