/*
 * threaded_port.c - steps of IN and OUT of a byte (PURE): threaded.h. Plain is whoever need not ask the TSS.
 *
 * A device may want whatever it wants (an interrupt, the end of the run), move frames, and look where the guest is: so
 * EIP is true meanwhile, as for a handler, and it may be another afterwards.
 */
#include "vpc/x86/threaded.h"

/* As may_use_port of portio.c, without the bitmap. */
static ALWAYS_INLINE bool needs_no_bitmap(const struct vcpu *cpu)
{
    return cpu->cpl <= (cpu->eflags & EFLAGS_IOPL) >> 12;
}

static ALWAYS_INLINE uint16_t named_port(const struct interp *interp, const struct instruction *insn)
{
    return (uint16_t)(insn->opcode & 8 ? interp->cpu.gpr[GPR_EDX] : insn->immediate & 0xFF);
}

static ALWAYS_INLINE void set_eip(struct interp *interp, const struct memo *memo, uint64_t eip)
{
    interp->cpu.eip = (uint32_t)eip;
    interp->start_eip = (uint32_t)eip - memo->insn.length;
}

/* Behind the access. */
#define PORT_NEXT()                                                                                         \
    do {                                                                                                    \
        if (interp->has_attention) {                                                                        \
            interp->fuel--;                                                                                 \
            return true;                                                                                    \
        }                                                                                                   \
        GO_TO(interp->cpu.eip);                                                                             \
    } while (0)

STEP(in_byte)
{
    const struct bus *bus = interp->bus;

    if (!needs_no_bitmap(&interp->cpu))
        GENERALLY();
    set_eip(interp, memo, eip);
    *(uint8_t *)&interp->cpu.gpr[GPR_EAX] = (uint8_t)bus->port_read(bus->context, named_port(interp, &memo->insn), 1);
    PORT_NEXT();
}

STEP(out_byte)
{
    const struct bus *bus = interp->bus;

    if (!needs_no_bitmap(&interp->cpu))
        GENERALLY();
    set_eip(interp, memo, eip);
    bus->port_write(bus->context, named_port(interp, &memo->insn), 1, interp->cpu.gpr[GPR_EAX] & 0xFF);
    PORT_NEXT();
}

step_t threaded_port_find(const struct instruction *insn)
{
    if (insn->map != MAP_ONE_BYTE || (insn->opcode & 0xF5) != 0xE4)
        return NULL;                            /* E4, E6, EC, EE */
    return insn->opcode & 2 ? step_out_byte : step_in_byte;
}
