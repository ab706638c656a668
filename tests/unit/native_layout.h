/*
 * native_layout.h - where native.c puts things in the first 4 GiB, for C and assembly.
 */
#ifndef NATIVE_LAYOUT_H
#define NATIVE_LAYOUT_H

#define NATIVE_STATE 0x20000000         /* struct native_state */
#define NATIVE_STUBS 0x20001000         /* what native.S holds, copied */
#define NATIVE_FPU_CODE 0x20001800      /* an instruction for the floating-point unit */
#define NATIVE_STACK 0x20003000         /* the stubs' own stack ends here */
#define NATIVE_CODE 0x20004000          /* the code under test: NATIVE_CODE_BYTES, INT3 where it is not written */
#define NATIVE_ARENA 0x20008000         /* the memory under test: NATIVE_ARENA_BYTES */
#define NATIVE_CODE_BYTES 0x1000
#define NATIVE_ARENA_BYTES 0x1000

/* Offsets in struct native_state. */
#define STATE_GPR 0
#define STATE_EFLAGS 32
#define STATE_EIP 36
#define STATE_CS 40
#define STATE_DS 44
#define STATE_ES 48
#define STATE_SS 52
#define STATE_GS 56
#define STATE_FLAT 60
#define STATE_RETURN_EIP 64
#define STATE_RETURN_CS 68
#define STATE_RSP 72
#define STATE_RIP 80
#define STATE_FPU 128

#endif
