/*
 * long_mode_layout.h - where long_mode.c puts things, for C and assembly.
 */
#ifndef LONG_MODE_LAYOUT_H
#define LONG_MODE_LAYOUT_H

/* The memory under test, in the first 4 GiB, and so far inside that a bit's offset leads around neither end. */
#define LONG_ARENA 0x30000000
#define LONG_ARENA_BYTES 0x2000

/* Offsets in struct long_mode_state. */
#define LONG_STATE_EFLAGS 32
#define LONG_STATE_CODE 40
#define LONG_STATE_RSP 48
#define LONG_STATE_FPU 64

#endif
