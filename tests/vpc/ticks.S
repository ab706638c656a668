/*
 * ticks.S - a boot sector that takes the machine as firmware left it: interrupts are on, the timer's are counted, told
 * and ended. It loads all the rest of itself at once, and draws by the calls that are not teletype. What it found it
 * says on COM1.
 */
    .code16
    .text
    .globl start
start:
    pushfw
    cld
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    popw %ax                            /* with firmware's flags */
    andw $0x0200, %ax
    call say_ax
    inb $0x21, %al
    movb %al, %ah
    inb $0xA1, %al
    call say_ax
    movw $packet, %si                   /* 127 sectors from the second one on, right behind this one */
    movb $0x42, %ah
    movb $0x80, %dl
    int $0x13
    jc 1f
    movw $0x1000, %ax                   /* the last one begins at 0x17A00 */
    movw %ax, %es
    movw %es:0x7A00, %ax
    call say_ax
    jmp second
1:  call say_ax
2:  jmp 2b

#include "lib/say_ax.inc"

    .balign 4
packet:
    .byte 16, 0
    .word 127, 0, 0x07E0
    .quad 1

    .org 510
    .word 0xAA55

second:
    xorw %ax, %ax
    movw %ax, %es
    movw $on_tick, 0x1C * 4
    movw %ax, 0x1C * 4 + 2
1:  hlt                                 /* until both have counted three */
    cmpw $3, told
    jb 1b
    movl 0x46C, %ebx
2:  hlt
    movl 0x46C, %eax
    subl %ebx, %eax
    cmpl $3, %eax
    jb 2b
    movw told, %ax                      /* three, and three or four later ones */
    cmpw $6, %ax
    sbbw %ax, %ax
    call say_ax
    cli
    movb $0x00, %ah
    int $0x1A
    shll $16, %ecx
    movw %dx, %cx
    subl 0x46C, %ecx
    movw %cx, %ax                       /* what the call told is what is there */
    sti
    call say_ax
    movb $0x0B, %al                     /* nothing is in service any more */
    outb %al, $0x20
    cli
    inb $0x20, %al
    sti
    movb $0, %ah
    call say_ax

    movw $0x0003, %ax                   /* 80 columns, 25 rows */
    int $0x10
    movb $0x0F, %ah
    movb $0xFF, %bh
    int $0x10
    call say_ax
    movw %bx, %ax
    andw $0xFF00, %ax
    call say_ax
    movw $0x0600, %ax                   /* all of it is blank, in other colours */
    movb $0x1E, %bh
    xorw %cx, %cx
    movw $0x184F, %dx
    int $0x10
    movw $0x1301, %ax                   /* text from row 2, column 76 on; the cursor goes along */
    movw $0x002F, %bx
    movw $(text_end - text), %cx
    movw $0x024C, %dx
    movw $text, %bp
    int $0x10
    call say_cursor
    movw $0x0958, %ax                   /* five X, at the cursor, which stays */
    movw $0x004F, %bx
    movw $5, %cx
    int $0x10
    call say_cursor
    movw $0x1302, %ax                   /* each with its colours; the cursor stays */
    xorw %bx, %bx
    movw $3, %cx
    movw $0x0A00, %dx
    movw $coloured, %bp
    int $0x10
    call say_cursor
    movw $0x0602, %ax                   /* rows 1 to 10 of columns 0 to 9 go up by two */
    movb $0x70, %bh
    movw $0x0100, %cx
    movw $0x0A09, %dx
    int $0x10
    movw $0xB800, %ax                   /* rows 0 to 10: some of each */
    movw %ax, %fs
    xorw %si, %si
3:  movw $12, %cx
4:  movw %fs:(%si), %ax
    call say_ax
    addw $2, %si
    loop 4b
    addw $(2 * (80 - 12 - 6)), %si
    movw $6, %cx
5:  movw %fs:(%si), %ax
    call say_ax
    addw $2, %si
    loop 5b
    cmpw $(11 * 160), %si
    jb 3b
    movl $42, %eax
    outl %eax, $0xF4
6:  hlt
    jmp 6b

say_cursor:
    movb $0x03, %ah
    movb $0, %bh
    int $0x10
    movw %dx, %ax
    call say_ax
    ret

on_tick:
    incw %cs:told
    iret

text:
    .ascii "across the edge\r\nand below\b!"
text_end:
coloured:
    .byte 'r', 0x04, 'g', 0x02, 'b', 0x01
    .balign 2
told:
    .word 0
    .org 127 * 512
    .word 0xC0B8
    .org 128 * 512

    .section .note.GNU-stack, "", @progbits
