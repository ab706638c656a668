/*
 * sector.S - a boot sector: real mode at 0:7C00, speaks on COM1, goes to protected mode, ends by the debug exit.
 */
    .code16
    .text
    .globl start
start:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %ss
    movw $0x7C00, %sp
    movw $real_text, %si
    call say16
    lgdt table
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmp $8, $protected

say16:
    movw $0x3F8, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  ret

    .code32
protected:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl $protected_text, %esi
    movl $0x3F8, %edx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  movl $42, %eax
    outl %eax, $0xF4
3:  hlt
    jmp 3b

real_text:
    .asciz "real mode\n"
protected_text:
    .asciz "protected mode\n"
    .balign 8
gdt:
    .quad 0, 0x00CF9A000000FFFF, 0x00CF92000000FFFF
table:
    .word . - gdt - 1
    .long gdt

    .org 510
    .word 0xAA55

    .section .note.GNU-stack, "", @progbits
