/*
 * vectors.h - which of the 256 gates is whose, for C and for assembly: exceptions (x86.h), the contract's hypercall
 * (pebpeb.h), host interrupts (here), and all others, which are INT n of guests.
 */
#ifndef CPU_VECTORS_H
#define CPU_VECTORS_H

#include "cpu/x86.h"
#include "pebpeb.h"

/*
 * Host interrupts: from VECTOR_TIMER up. At the top, where no guest kernel has a use for INT n, since their gates are
 * DPL 0: a guest's INT with such a number must be a #GP, never a device that seems to have interrupted.
 */
#define VECTOR_TIMER 0xF0
#define VECTOR_KEYBOARD 0xF1
#define VECTOR_SERIAL 0xF2
#define VECTOR_PIC_BASE 0xF8    /* and seven more: the 8259, which is masked, may still raise spurious ones */
#define VECTOR_SPURIOUS 0xFF    /* the local APIC's, which shares it with the last of the 8259 */
#define VECTOR_COUNT 256

/*
 * Of entry.S, for each vector; and where in it the way begins of traps that somebody watches, by the same gates.
 */
#ifdef COBBLE_LEAN
#define ENTRY_POINT_SHIFT 4
#define ENTRY_POINT_WATCHED 11
#else
#define ENTRY_POINT_SHIFT 5
#define ENTRY_POINT_WATCHED 16
#endif
#define ENTRY_POINT_BYTES (1 << ENTRY_POINT_SHIFT)

#endif
