/*
 * portio.c - input and output (PURE). SDM vol. 2 "IN", "OUT", "INS", "OUTS", vol. 1 "I/O Permission Bit Map".
 */
#include "vpc/x86/operations.h"
#include "vpc/x86/strings.h"

#define TSS_BITMAP_AT 102u      /* in a 32-bit TSS: where its bitmap begins. SDM vol. 3 "Task-State Segment" */

/* Two bytes of the bitmap are read: an access may lie across two of them. */
static bool bitmap_allows(struct interp *interp, uint16_t port, unsigned bytes)
{
    const struct segment *tr = &interp->cpu.tr;
    uint16_t start, bits;

    if ((tr->attributes & (ATTR_P | ATTR_TYPE)) != (ATTR_P | SYSTEM_TSS32_BUSY) || tr->limit < TSS_BITMAP_AT + 1)
        return general_protection(interp);
    if (!system_read(interp, tr->base + TSS_BITMAP_AT, &start, 2))
        return false;
    uint32_t at = (uint32_t)start + port / 8;
    if (at + 1 > tr->limit)
        return general_protection(interp);
    if (!system_read(interp, tr->base + at, &bits, 2))
        return false;
    /* One bit a port, and a wide access is one of several ports: all of them must be 0. */
    return (bits >> (port & 7) & ((1u << bytes) - 1)) == 0 || general_protection(interp);
}

static bool may_use_port(struct interp *interp, uint16_t port, unsigned bytes)
{
    const struct vcpu *cpu = &interp->cpu;

    /* IOPL first: only who is less privileged than that is asked for a bit of the TSS. */
    if (!vcpu_is_protected(cpu) || cpu->cpl <= (cpu->eflags & EFLAGS_IOPL) >> 12)
        return true;
    return bitmap_allows(interp, port, bytes);
}

/* E4-E7 name the port, EC-EF have it in DX. */
static uint16_t port_of(const struct interp *interp, const struct instruction *insn)
{
    return (uint16_t)(insn->opcode & 8 ? interp->cpu.gpr[GPR_EDX] : insn->immediate & 0xFF);
}

static ALWAYS_INLINE bool in(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint16_t port = port_of(interp, insn);

    if (!may_use_port(interp, port, bytes))
        return false;
    set_register(interp, GPR_EAX, bytes, interp->bus->port_read(interp->bus->context, port, bytes));
    return true;
}
FOR_SIZES(in)

static ALWAYS_INLINE bool out(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint16_t port = port_of(interp, insn);

    if (!may_use_port(interp, port, bytes))
        return false;
    interp->bus->port_write(interp->bus->context, port, bytes, get_register(interp, GPR_EAX, bytes));
    return true;
}
FOR_SIZES(out)

/* Memory is opened first: a fault must not cost a byte of the device. */
static ALWAYS_INLINE bool ins(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint16_t port = (uint16_t)interp->cpu.gpr[GPR_EDX];

    if (!may_use_port(interp, port, bytes))
        return false;
    for (uint32_t left = string_rounds(interp, insn, bytes); left > 0; left--) {
        void *to = write_at(interp, SEG_ES, string_get(interp, insn, GPR_EDI), bytes);
        if (to == NULL)
            return false;
        store(to, bytes, interp->bus->port_read(interp->bus->context, port, bytes));
        finish(interp, to);
        string_advance(interp, insn, GPR_EDI, 1, bytes);
        string_count(interp, insn, 1);
    }
    return string_end_turn(interp, insn);
}
FOR_SIZES(ins)

static ALWAYS_INLINE bool outs(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint16_t port = (uint16_t)interp->cpu.gpr[GPR_EDX];

    if (!may_use_port(interp, port, bytes))
        return false;
    for (uint32_t left = string_rounds(interp, insn, bytes); left > 0; left--) {
        const void *from = read_at(interp, insn->segment, string_get(interp, insn, GPR_ESI), bytes);
        if (from == NULL)
            return false;
        interp->bus->port_write(interp->bus->context, port, bytes, load(from, bytes));
        string_advance(interp, insn, GPR_ESI, 1, bytes);
        string_count(interp, insn, 1);
    }
    return string_end_turn(interp, insn);
}
FOR_SIZES(outs)

handler_t portio_find(const struct instruction *insn)
{
    if (insn->opcode < 0x70)
        return insn->opcode < 0x6E ? BY_OPCODE(ins, insn) : BY_OPCODE(outs, insn);
    return insn->opcode & 2 ? BY_OPCODE(out, insn) : BY_OPCODE(in, insn);
}
