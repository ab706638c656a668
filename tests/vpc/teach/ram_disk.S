/*
 * ram_disk.S - the disk of the teaching Unix, in its kernel and as a file: a sector that is the directory (calls.h),
 * and its files, each from a sector's beginning: the programs of user/ as they were linked, and two that are there to
 * be read.
 */
    .macro ENTRY name
    .balign 32
1:  .asciz "\name"
    .org 1b + 24
    .long file_\name - ram_disk, end_\name - file_\name
    .endm

    .macro PROGRAM name, path
    .balign 512
file_\name:
    .incbin "\path"
end_\name:
    .endm

    .data
    .balign 4096
    .globl ram_disk
ram_disk:
    .asciz "."
    .org ram_disk + 24
    .long 0, 512
    ENTRY cat
    ENTRY echo
    ENTRY fault
    ENTRY ls
    ENTRY numbers
    ENTRY poem
    ENTRY sector
    ENTRY sh
    ENTRY spin
    ENTRY sum
    ENTRY twins

    PROGRAM cat, CAT
    PROGRAM echo, ECHO
    PROGRAM fault, FAULT
    PROGRAM ls, LS
    PROGRAM sector, SECTOR
    PROGRAM sh, SH
    PROGRAM spin, SPIN
    PROGRAM sum, SUM
    PROGRAM twins, TWINS

    .balign 512
file_poem:
    .ascii "A file of two rows,\n"
    .ascii "which cat reads.\n"
end_poem:

    .balign 512
file_numbers:                           /* 0, 1, 2 ... to 40,959 */
    .set number, 0
    .rept 40960
    .long number
    .set number, number + 1
    .endr
end_numbers:
    .balign 512

    .section .note.GNU-stack, "", @progbits
