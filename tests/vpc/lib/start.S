/*
 * start.S - how a Multiboot kernel of tests/vpc begins: header, stack, main; what main returns is the debug exit's.
 */
    .section .multiboot, "a"
    .balign 4
    .long 0x1BADB002, 0x00000003, -(0x1BADB002 + 0x00000003)

    .text
    .globl start
start:
    cld
    movl $stack_top, %esp
    xorl %ebp, %ebp
    pushl %ebx                          /* the loader's information */
    pushl %eax
    call main
    outb %al, $0xF4
1:  hlt
    jmp 1b

    .bss
    .balign 16
    .skip 16384
    .globl stack_top
stack_top:

    .section .note.GNU-stack, "", @progbits
