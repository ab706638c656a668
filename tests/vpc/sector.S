/*
 * sector.S - a boot sector of the common shape: real mode at 0:7C00, speaks on COM1, opens A20, loads its second part
 * by geometry and its third by number, goes to protected mode, moves the third above 1 MiB, and jumps there.
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
    movw $0x2401, %ax                   /* A20 */
    int $0x15
    jc failed
    movw $0x0201, %ax                   /* one sector: cylinder 0, head 0, sector 2 */
    movw $0x0002, %cx
    movw $0x0080, %dx
    xorw %bx, %bx
    movw %bx, %es
    movw $second, %bx
    int $0x13
    jc failed
    movw $packet, %si                   /* two sectors from number 2 on */
    movb $0x42, %ah
    movb $0x80, %dl
    int $0x13
    jc failed
    movw $second, %si
    call say16
    cli
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

failed:
    movw $failed_text, %si
    call say16
    movl $1, %eax
    outl %eax, $0xF4

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
2:  movl $third, %esi
    movl $0x100000, %edi
    movl $256, %ecx
    rep movsl
    ljmp $8, $0x100000

failed_text:
    .asciz "FAILED a call\n"
    .balign 4
packet:
    .byte 16, 0
    .word 2, third, 0
    .quad 2
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
second:
    .asciz "second part\n"
    .org 1024
third:
    jmp 1f                              /* runs at 1 MiB: no address of its own but from EBP on */
    .org 1536
1:  call 2f
2:  popl %ebp
    leal third_text - 2b(%ebp), %esi
3:  lodsb
    testb %al, %al
    jz 4f
    outb %al, %dx
    jmp 3b
4:  movl $42, %eax
    outl %eax, $0xF4
5:  hlt
    jmp 5b
third_text:
    .asciz "third part, above 1 MiB\n"
    .org 2048

    .section .note.GNU-stack, "", @progbits
