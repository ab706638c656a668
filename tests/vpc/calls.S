/*
 * calls.S - a boot sector that asks its firmware: characters to the screen, sectors by geometry and by number, memory,
 * keys. What it got, and whether carry or zero was set, it says on COM1.
 */
    .code16
    .text
    .globl start
start:
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7C00, %sp
    cld
    movw $screen_text, %si
1:  lodsb
    testb %al, %al
    jz 2f
    movb $0x0E, %ah
    movw $7, %bx
    int $0x10
    jmp 1b

2:  int $0x12
    call say_ax

    movw $0x0201, %ax                   /* one sector: cylinder 0, head 0, sector 2 */
    movw $0x0002, %cx
    movb $0, %dh
    movw $0x8000, %bx
    movb $0x80, %dl
    int $0x13
    call say_carry
    movw $0x8000, %si
    call say

    movb $0x41, %ah
    movw $0x55AA, %bx
    movb $0x80, %dl
    int $0x13
    call say_carry
    movw %bx, %ax
    call say_ax

    movw $packet, %si
    movb $0x42, %ah
    movb $0x80, %dl
    int $0x13
    call say_carry
    movw $0x8200, %si
    call say

    movl $0x10000000, packet + 8        /* no disk is so large */
    movw $packet, %si
    movb $0x42, %ah
    movb $0x80, %dl
    int $0x13
    call say_carry

    movl $0xE820, %eax
    movl $0x534D4150, %edx
    xorl %ebx, %ebx
    movl $20, %ecx
    movw $0x8400, %di
    int $0x15
    call say_carry
    call say_ax
    movw 0x8408, %ax                    /* how much is below 640 KiB */
    call say_ax

    movw $0x2402, %ax
    int $0x15
    call say_carry
    call say_ax

    movb $0x01, %ah
    int $0x16
    setz %al
    movb $0, %ah
    call say_ax

    movl $42, %eax
    outl %eax, $0xF4
3:  hlt
    jmp 3b

say_carry:
    pushw %ax
    setc %al
    movb $0, %ah
    call say_ax
    popw %ax
    ret

#include "lib/say_ax.inc"

say:
1:  lodsb
    testb %al, %al
    jz 2f
    call put
    jmp 1b
2:  ret

screen_text:
    .asciz "by teletype\r\nand a second row\r\n"
    .balign 4
packet:
    .byte 16, 0
    .word 1, 0x8200, 0
    .quad 2

    .org 510
    .word 0xAA55
    .asciz "the sector behind this one\n"
    .org 1024
    .asciz "the third one, by its number\n"
    .org 1536

    .section .note.GNU-stack, "", @progbits
