/*
 * trap_frame.h - the registers of an interrupted context, laid out as entry.S and the processor push them.
 */
#ifndef CPU_TRAP_FRAME_H
#define CPU_TRAP_FRAME_H

#include <stdint.h>

/*
 * A guest's frame lives inside its struct guest: TSS.RSP0 points just past it, so the processor itself pushes the last
 * five words and entry.S the rest. Guests have no r8-r15: those are ours and never saved here.
 */
struct trap_frame {
    uint64_t eax, ebx, ecx, edx, esi, edi, ebp;     /* upper halves are zero for guests */
    uint64_t vector;
    uint64_t error;         /* the processor's error code, or 0 */
    uint64_t eip;           /* from here: SDM vol. 3 "64-Bit Mode Stack Frame" */
    uint64_t cs;
    uint64_t eflags;
    uint64_t esp;
    uint64_t ss;
};

_Static_assert(sizeof(struct trap_frame) == 14 * 8, "entry.S knows these offsets");
_Static_assert(sizeof(struct trap_frame) % 16 == 0, "RSP0 must be 16-byte aligned");

#endif
