/*
 * entry.S - where the loader comes to: from low addresses, without paging, to high ones, by two large pages. And how
 * one stack of the kernel's is left for another.
 */
#define KERNEL_BASE 0x80000000

    .section .multiboot, "a"
    .balign 4
    .long 0x1BADB002, 0x00000003, -(0x1BADB002 + 0x00000003)

    .text
    .globl start
start:
    movl %cr4, %ecx
    orl $0x10, %ecx                     /* PSE */
    movl %ecx, %cr4
    movl $(entry_directory - KERNEL_BASE), %ecx
    movl %ecx, %cr3
    movl %cr0, %ecx
    orl $0x80010000, %ecx               /* PG, WP */
    movl %ecx, %cr0
    movl $stack_top, %esp
    movl $high, %ecx
    jmp *%ecx
high:
    cld
    xorl %ebp, %ebp
    pushl %ebx                          /* the loader's information */
    pushl %eax
    call main
    outb %al, $0xF4
1:  hlt
    jmp 1b

    .globl switch_stacks
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

    .data
    .balign 4096
entry_directory:
    .long 0x83                          /* 4 MiB at 0, and at KERNEL_BASE */
    .fill 511, 4, 0
    .long 0x83
    .fill 511, 4, 0

    .bss
    .balign 4096
    .skip 4096
    .globl stack_top
stack_top:

    .section .note.GNU-stack, "", @progbits
