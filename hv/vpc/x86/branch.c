/*
 * branch.c - jumps, calls and returns inside a segment (PURE). SDM vol. 2 "Jcc", "JMP", "CALL", "RET", "LOOP", "JCXZ",
 * "BOUND".
 */
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"

/* With 16-bit operands the target has 16 bits. One beyond the limit faults at the jump. */
static ALWAYS_INLINE bool jump(struct interp *interp, uint32_t target, unsigned bytes)
{
    if (bytes == 2)
        target &= 0xFFFF;
    if (target > interp->cpu.segments[SEG_CS].limit)
        return general_protection(interp);
    interp->cpu.eip = target;
    return true;
}

static ALWAYS_INLINE bool jump_if(struct interp *interp, const struct instruction *insn, bool is_taken, unsigned bytes)
{
    return !is_taken || jump(interp, interp->cpu.eip + insn->immediate, bytes);
}

static ALWAYS_INLINE bool jcc(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return jump_if(interp, insn, flags_satisfy(interp, insn->opcode & 15), bytes);
}
FOR_WORDS(jcc)

static ALWAYS_INLINE bool jmp(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return jump(interp, interp->cpu.eip + insn->immediate, bytes);
}
FOR_WORDS(jmp)

static ALWAYS_INLINE bool jmp_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *target = read_rm(interp, insn, bytes);

    return target != NULL && jump(interp, load(target, bytes), bytes);
}
FOR_WORDS(jmp_rm)

/* A stack without room is told before a target without code. */
static ALWAYS_INLINE bool call_to(struct interp *interp, uint32_t target, unsigned bytes)
{
    uint32_t from = interp->cpu.eip, offset = (interp->cpu.gpr[GPR_ESP] - bytes) & interp->stack_mask;
    void *top = write_at(interp, SEG_SS, offset, bytes);

    if (top == NULL || !jump(interp, target, bytes))
        return false;
    store(top, bytes, from);
    move_stack(interp, -bytes);
    return finish(interp, top);
}

static ALWAYS_INLINE bool call(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return call_to(interp, interp->cpu.eip + insn->immediate, bytes);
}
FOR_WORDS(call)

static ALWAYS_INLINE bool call_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *target = read_rm(interp, insn, bytes);

    return target != NULL && call_to(interp, load(target, bytes), bytes);
}
FOR_WORDS(call_rm)

/* C2 takes a number of bytes off the stack; for C3 it is 0. */
static ALWAYS_INLINE bool ret(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t target;

    if (!peek_value(interp, 0, bytes, &target) || !jump(interp, target, bytes))
        return false;
    move_stack(interp, bytes + insn->immediate);
    return true;
}
FOR_WORDS(ret)

/* LOOPNE E0, LOOPE E1, LOOP E2: the count is as wide as an address. */
static ALWAYS_INLINE bool loop(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t *ecx = &interp->cpu.gpr[GPR_ECX], mask = insn->address_mask;
    uint32_t count = (*ecx - 1) & mask;
    bool is_taken = count != 0 && (insn->opcode == 0xE2 || flag_zf(interp) == (insn->opcode & 1));

    if (!jump_if(interp, insn, is_taken, bytes))
        return false;
    *ecx = (*ecx & ~mask) | count;
    return true;
}
FOR_WORDS(loop)

static ALWAYS_INLINE bool jcxz(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return jump_if(interp, insn, (interp->cpu.gpr[GPR_ECX] & insn->address_mask) == 0, bytes);
}
FOR_WORDS(jcxz)

static ALWAYS_INLINE bool bound(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t offset = operand_offset(interp, insn);
    int64_t index = sign_extend(get_register(interp, insn->reg, bytes), bytes);
    const void *lower = read_at(interp, insn->segment, offset, bytes);

    if (lower == NULL)
        return false;
    int64_t first = sign_extend(load(lower, bytes), bytes);
    const void *upper = read_at(interp, insn->segment, (offset + bytes) & insn->address_mask, bytes);
    if (upper == NULL)
        return false;
    return (index >= first && index <= sign_extend(load(upper, bytes), bytes)) || fault(interp, EXC_BR);
}
FOR_WORDS(bound)

handler_t branch_find(const struct instruction *insn)
{
    if (insn->map == MAP_TWO_BYTES || (insn->opcode & 0xF0) == 0x70)
        return BY_OPERAND(jcc, insn);
    switch (insn->opcode) {
    case 0x62:
        return insn->is_register ? NULL : BY_OPERAND(bound, insn);
    case 0xC2: case 0xC3:
        return BY_OPERAND(ret, insn);
    case 0xE3:
        return BY_OPERAND(jcxz, insn);
    case 0xE8:
        return BY_OPERAND(call, insn);
    case 0xE9: case 0xEB:
        return BY_OPERAND(jmp, insn);
    case 0xFF:
        return insn->reg == 2 ? BY_OPERAND(call_rm, insn) : BY_OPERAND(jmp_rm, insn);
    default:
        return BY_OPERAND(loop, insn);
    }
}
