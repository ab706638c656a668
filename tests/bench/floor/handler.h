/*
 * handler.h - what all floor handlers know of the contract and of the processor's frame, as plain numbers; switch.c
 * proves them. R8 to R15 are free: a 32-bit guest cannot see them.
 */
#ifndef TESTS_BENCH_FLOOR_HANDLER_H
#define TESTS_BENCH_FLOOR_HANDLER_H

#define FLOOR_KERNEL_CS 0x19
#define FLOOR_KERNEL_SS 0x21
#define FLOOR_USER_CS 0x2B
#define FLOOR_USER_SS 0x33

#define FLOOR_BASE 0x1000000        /* guest address 0 */
#define FLOOR_GVA_MAX 0xFEFFFFFF
#define FLOOR_MODE_KERNEL 0x1337
#define FLOOR_MODE_USER 0x13370000
#define FLOOR_KERNEL_FRAME_BYTES 20
#define FLOOR_USER_FRAME_BYTES 24

/* EFLAGS: what frames show, what hv_iret refuses, what is always set and what a handler starts without. */
#define FLOOR_IF 0x200
#define FLOOR_FIXED 0x2
#define FLOOR_FLAGS_SHOWN 0x00010DD5
#define FLOOR_FLAGS_REFUSED 0xFFFEF028
#define FLOOR_FLAGS_FORCED 0x202
#define FLOOR_FLAGS_CLEARED (~0x00010100)   /* TF and RF */

/* What the processor pushed. */
#define RIP 0
#define CS 8
#define FLAGS 16
#define RSP 24
#define SS 32

#endif
