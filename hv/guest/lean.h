/*
 * lean.h - what the hot paths in assembly know of struct guest and the contract, as plain numbers; lean_check.c proves
 * them.
 */
#ifndef GUEST_LEAN_H
#define GUEST_LEAN_H

/* Offsets in struct guest; LEAN_TRAP is where the processor's five words begin. */
#define LEAN_TRAP 72
#define LEAN_HIDDEN_FAULTS 3776
#define LEAN_VIRQ_ENABLED 2680
#define LEAN_VIRQ_PENDING 2682       /* 16 bits: the mask of sources */
#define LEAN_TIMER_SOURCE 0
#define LEAN_TIMER_PENDING 1
#define LEAN_PAGING 4100
#define LEAN_SPACE 4088
#define LEAN_FRAME_COUNT 4052
#define LEAN_FRAMES 4056
#define LEAN_WP 4116
#define LEAN_SHADOWS 4120
#define LEAN_ESP0 628
#define LEAN_EVENT_COUNT 3768
#define LEAN_EVENTS 3784             /* struct guest_events: next, then the ring */
#define LEAN_EVENTS_RING 3792
#define LEAN_IDT 632                /* struct guest_gate, 8 bytes each: eip, privileged */

/* The five words, from LEAN_TRAP. */
#define LEAN_EIP 0
#define LEAN_CS 8
#define LEAN_EFLAGS 16
#define LEAN_ESP 24
#define LEAN_SS 32

#define LEAN_EVENT_BYTES 16         /* and 16 of them: the ring is 256 bytes */
#define LEAN_EVENT_CALL 0x100

#define LEAN_BASE 0x1000000         /* gva 0 in linear space */
#define LEAN_MAX_GVA 0xFEFFFFFF
#define LEAN_MODE_USER 0x13370000
#define LEAN_MODE_KERNEL 0x00001337
#define LEAN_SLOT_PF 14
#define LEAN_ACCESS 6               /* ACCESS_ bits of pagetable/gwalk.h */
#define LEAN_ACCESS_USER 4
#define LEAN_FILLED 8               /* GFAULT_FILLED; below: the error code of the guest's own fault */
#define LEAN_MAGIC 0xC001C0DE
#define LEAN_CALL_MAGIC 0
#define LEAN_CALL_IRET 2
#define LEAN_CALL_DISABLE 4
#define LEAN_CALL_ENABLE 5
#define LEAN_CALLS 13               /* lean_calls of hypercall/lean_calls.c: numbers below */
#define LEAN_VECTOR 0xDE
#define LEAN_USER_FRAME_BYTES 24
#define LEAN_KERNEL_FRAME_BYTES 20
#define LEAN_INT_BYTES 2

/* Paging: struct shadow_pool, which begins with what is remembered; struct shadow_directory; the guest's entries. */
#define LEAN_POOL_REGIONS 224
#define LEAN_POOL_CURRENT 232
#define LEAN_REGION_MASK 3
#define LEAN_REGION_BYTES 56
#define LEAN_REGION_SHIFT 21
#define LEAN_DIRECTORY_ENTRIES 72
#define LEAN_GFRAME_SHIFT 4         /* struct gframe begins with the host frame */
#define LEAN_FRAME_SHIFT 12
#define LEAN_P 0x1
#define LEAN_PS 0x80
#ifndef LEAN_DIRECT_MAP             /* host tests bring their own */
#define LEAN_DIRECT_MAP 0xFFFF800000000000
#endif

#define LEAN_IF 0x200
#define LEAN_IF_SHIFT 9
#define LEAN_FIXED 0x2
#define LEAN_SHOWN 0x10DD5          /* CF PF AF ZF SF OF, DF, TF, RF: frames show them, hv_iret loads them */
#define LEAN_REFUSED (~(LEAN_SHOWN | LEAN_IF | LEAN_FIXED))
#define LEAN_KEPT 0x240000          /* AC, ID: neither carried nor lost */
#define LEAN_HANDLER_KEEPS 0x240CD5 /* arithmetic, DF, AC, ID */
#define LEAN_FORCED 0x202

#endif
