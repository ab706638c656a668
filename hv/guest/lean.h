/*
 * lean.h - what the hot paths in assembly know of struct guest and of other structures, as plain numbers; lean_check.c
 * proves them. What is a macro elsewhere they have from there: the headers below are fit for assembly.
 */
#ifndef GUEST_LEAN_H
#define GUEST_LEAN_H

#include "cpu/context.h"
#include "cpu/opcodes.h"
#include "cpu/vectors.h"
#include "guest/inject.h"
#include "pagetable/gwalk.h"
#include "pebpeb.h"

/* Offsets in struct guest. */
#define LEAN_HIDDEN_FAULTS 3936
#define LEAN_VIRQ_ENABLED 2680
#define LEAN_VIRQ_PENDING 2682       /* 16 bits: the mask of sources */
#define LEAN_TIMER_SOURCE 0
#define LEAN_TIMER_PENDING 1
#define LEAN_ACTIVITY 4492
#define LEAN_HALTED 1                /* GUEST_HALTED */
#define LEAN_PAGING 3752
#define LEAN_SPACE 4264
#define LEAN_RAM_BYTES 4208
#define LEAN_FRAME_COUNT 4212
#define LEAN_FRAMES 4216
#define LEAN_WP 3760
#define LEAN_SHADOWS 4304
#define LEAN_ESP0 628
#define LEAN_EVENT_COUNT 3928
#define LEAN_EVENTS 3944             /* struct guest_events: next, then the ring */
#define LEAN_EVENTS_RING 3952
#define LEAN_IDT 632                /* struct guest_gate, 8 bytes each: eip, privileged */

/* The processor's five words, from FRAME_EIP. */
#define LEAN_EIP 0
#define LEAN_CS 8
#define LEAN_EFLAGS 16
#define LEAN_ESP 24
#define LEAN_SS 32

#define LEAN_EVENT_BYTES 16         /* and 16 of them: the ring is 256 bytes */
#define LEAN_EVENT_CALL 0x100

#define LEAN_ACCESS (ACCESS_WRITE | ACCESS_USER)
#define LEAN_FILLED 8               /* GFAULT_FILLED; below: the error code of the guest's own fault */
#define LEAN_CALLS 13               /* lean_calls of hypercall/lean_calls.c: numbers below */
#define LEAN_USER_FRAME_BYTES (INJECT_USER_WORDS * INJECT_WORD_BYTES)
#define LEAN_KERNEL_FRAME_BYTES (INJECT_KERNEL_WORDS * INJECT_WORD_BYTES)

/* Paging: struct shadow_pool; struct shadow_directory. */
#define LEAN_POOL_KNOWN 5120
#define LEAN_POOL_REGIONS 5344
#define LEAN_POOL_CURRENT 5352
#define LEAN_REGION_MASK 3
#define LEAN_REGION_BYTES 56
#define LEAN_REGION_SHIFT 21
#define LEAN_DIRECTORY_ENTRIES 72
#define LEAN_GFRAME_SHIFT 4         /* struct gframe begins with the host frame */
#ifndef LEAN_DIRECT_MAP             /* host tests bring their own */
#define LEAN_DIRECT_MAP 0xFFFF800000000000
#endif

#define LEAN_IF_SHIFT 9              /* where EFLAGS_IF is */

#endif
