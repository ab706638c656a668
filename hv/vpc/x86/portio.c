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

/* What is left of a turn, and whether the device has said that it moves one element at a time. */
struct port_turn {
    uint32_t left;
    uint16_t port;
    bool is_single;
};

/*
 * A round moves one element, or as many as lie in one page and the device has at once. Memory is opened first: a fault
 * must not cost a byte of the device. How many were moved; 0: a fault.
 */
static ALWAYS_INLINE uint32_t ins_round(struct interp *interp, const struct instruction *insn, struct port_turn *turn,
                                        unsigned bytes)
{
    const struct bus *bus = interp->bus;
    uint32_t offset = string_get(interp, insn, GPR_EDI), count = 0;
    void *to = write_at(interp, SEG_ES, offset, bytes);

    if (to == NULL)
        return 0;
    if (!turn->is_single && to != interp->bounce.bytes) {
        uint32_t max = string_in_page(interp, insn, SEG_ES, offset, true, turn->left, bytes);
        count = max > 1 ? bus->port_read_string(bus->context, turn->port, bytes, to, max) : 0;
        turn->is_single = max > 1 && count == 0;
    }
    if (count == 0) {
        store(to, bytes, bus->port_read(bus->context, turn->port, bytes));
        finish(interp, to);
        count = 1;
    }
    string_advance(interp, insn, GPR_EDI, count, bytes);
    return count;
}

static ALWAYS_INLINE uint32_t outs_round(struct interp *interp, const struct instruction *insn, struct port_turn *turn,
                                         unsigned bytes)
{
    const struct bus *bus = interp->bus;
    uint32_t offset = string_get(interp, insn, GPR_ESI), count = 0;
    const void *from = read_at(interp, insn->segment, offset, bytes);

    if (from == NULL)
        return 0;
    if (!turn->is_single && from != interp->bounce.bytes) {
        uint32_t max = string_in_page(interp, insn, insn->segment, offset, false, turn->left, bytes);
        count = max > 1 ? bus->port_write_string(bus->context, turn->port, bytes, from, max) : 0;
        turn->is_single = max > 1 && count == 0;
    }
    if (count == 0) {
        bus->port_write(bus->context, turn->port, bytes, load(from, bytes));
        count = 1;
    }
    string_advance(interp, insn, GPR_ESI, count, bytes);
    return count;
}

typedef uint32_t (*port_round_t)(struct interp *interp, const struct instruction *insn, struct port_turn *turn,
                                 unsigned bytes);

/* What the device brought about comes behind the element that did: an interrupt, or the end. */
static ALWAYS_INLINE bool repeat_port(struct interp *interp, const struct instruction *insn, port_round_t round,
                                      unsigned bytes)
{
    struct port_turn turn = { .left = string_turn(interp, insn, bytes), .port = (uint16_t)interp->cpu.gpr[GPR_EDX] };
    uint32_t done;

    if (!may_use_port(interp, turn.port, bytes))
        return false;
    turn.is_single = turn.left <= 1;
    string_note_turn(interp, turn.left * bytes);
    for (unsigned rounds = 0; turn.left > 0 && rounds < STRING_TURN_ROUNDS; turn.left -= done, rounds++) {
        done = round(interp, insn, &turn, bytes);
        if (done == 0)
            return false;
        string_count(interp, insn, done);
        if (interp->has_attention)
            break;
    }
    return string_end_turn(interp, insn);
}

static ALWAYS_INLINE bool ins(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return repeat_port(interp, insn, ins_round, bytes);
}
FOR_SIZES(ins)

static ALWAYS_INLINE bool outs(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return repeat_port(interp, insn, outs_round, bytes);
}
FOR_SIZES(outs)

handler_t portio_find(const struct instruction *insn)
{
    if (insn->opcode < 0x70)
        return insn->opcode < 0x6E ? BY_OPCODE(ins, insn) : BY_OPCODE(outs, insn);
    return insn->opcode & 2 ? BY_OPCODE(out, insn) : BY_OPCODE(in, insn);
}
