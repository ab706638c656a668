/*
 * start.S - where a program begins and ends, and how it calls the kernel.
 */
    .text
    .globl start
start:
    addl $4, %esp                       /* nobody to return to: the line is main's argument */
    call main
    movl %eax, %ebx
    movl $1, %eax                       /* CALL_EXIT */
    int $0x40

    .globl call
call:
    pushl %ebx
    pushl %esi
    movl 12(%esp), %eax
    movl 16(%esp), %ebx
    movl 20(%esp), %ecx
    movl 24(%esp), %edx
    movl 28(%esp), %esi
    int $0x40
    popl %esi
    popl %ebx
    ret

    .section .note.GNU-stack, "", @progbits
