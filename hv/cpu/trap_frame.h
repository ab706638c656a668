/*
 * trap_frame.h - the registers of an interrupted context, laid out as entry.S and the processor push them.
 */
#ifndef CPU_TRAP_FRAME_H
#define CPU_TRAP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/context.h"

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

_Static_assert(sizeof(struct trap_frame) == 14 * 8 && offsetof(struct trap_frame, eip) == FRAME_EIP &&
               offsetof(struct trap_frame, cs) == FRAME_CS, "entry.S knows these offsets");
_Static_assert(sizeof(struct trap_frame) % 16 == 0, "RSP0 must be 16-byte aligned");

/*
 * What holds of every guest's frame, whenever it traps and before every IRETQ to it: VM = 0, IOPL = 0, IF = 1, and CS
 * and SS are a pair. A guest cannot leave this on a processor: SDM vol. 2 "IRET/IRETD/IRETQ", "POPF/POPFD/POPFQ". Under
 * QEMU an IRET of any ring that pops VM = 1 loads EFLAGS, CS and SS as they are on the stack. VM then stays set until
 * the next trap, and without it IF and IOPL cannot change: entry.S looks at VM and IOPL for each trap, docs/events.md
 * says where no look is needed, and the audit build calls this before each IRETQ.
 */
static inline bool trap_frame_is_guests(const struct trap_frame *frame)
{
    bool is_kernel = frame->cs == SEL_GUEST_KERNEL_CS && frame->ss == SEL_GUEST_KERNEL_SS;
    bool is_user = frame->cs == SEL_GUEST_USER_CS && frame->ss == SEL_GUEST_DATA;

    return (is_kernel || is_user) &&
           (frame->eflags & (CONTEXT_EFLAGS_NEVER | EFLAGS_IF)) == EFLAGS_IF;
}

#endif
