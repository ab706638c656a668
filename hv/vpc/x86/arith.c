/*
 * arith.c - addition, subtraction and logic (PURE). SDM vol. 2 "ADD" to "XOR", vol. 1 "Status Flags".
 *
 * A destination in memory is opened for change before anything is worked out, so that a fault comes with flags and
 * registers untouched. Flags are not computed here but noted (flags.h): most are overwritten before anybody looks.
 */
#include "vpc/x86/alu.h"
#include "vpc/x86/operations.h"

/* The operation of 00 to 3F is in the opcode, that of 80 to 83 in reg. */
static ALWAYS_INLINE unsigned alu_of(const struct instruction *insn)
{
    return insn->opcode < 0x40 ? insn->opcode >> 3 : insn->reg;
}

static ALWAYS_INLINE bool alu_to_rm(struct interp *interp, const struct instruction *insn, uint32_t source,
                                    unsigned bytes)
{
    unsigned operation = alu_of(insn);
    bool is_kept = operation == ALU_CMP;
    void *operand = is_kept ? (void *)read_rm(interp, insn, bytes) : modify_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    uint32_t result = alu(interp, operation, load(operand, bytes), source, bytes);
    if (is_kept)
        return true;
    store(operand, bytes, result);
    return finish(interp, operand);
}

static ALWAYS_INLINE bool alu_rm_reg(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return alu_to_rm(interp, insn, get_register(interp, insn->reg, bytes), bytes);
}
FOR_SIZES(alu_rm_reg)

static ALWAYS_INLINE uint32_t immediate_of(const struct instruction *insn, unsigned bytes)
{
    return bytes == 4 ? insn->immediate : insn->immediate & ((1u << 8 * (bytes & 3)) - 1);
}

static ALWAYS_INLINE bool alu_rm_imm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return alu_to_rm(interp, insn, immediate_of(insn, bytes), bytes);
}
FOR_SIZES(alu_rm_imm)

static ALWAYS_INLINE bool alu_to_register(struct interp *interp, const struct instruction *insn, unsigned number,
                                          uint32_t source, unsigned bytes)
{
    uint32_t result = alu(interp, alu_of(insn), get_register(interp, number, bytes), source, bytes);

    if (alu_of(insn) != ALU_CMP)
        set_register(interp, number, bytes, result);
    return true;
}

static ALWAYS_INLINE bool alu_reg_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *source = read_rm(interp, insn, bytes);

    return source != NULL && alu_to_register(interp, insn, insn->reg, load(source, bytes), bytes);
}
FOR_SIZES(alu_reg_rm)

static ALWAYS_INLINE bool alu_acc_imm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return alu_to_register(interp, insn, GPR_EAX, immediate_of(insn, bytes), bytes);
}
FOR_SIZES(alu_acc_imm)

static ALWAYS_INLINE bool test_with(struct interp *interp, const struct instruction *insn, uint32_t mask,
                                    unsigned bytes)
{
    const void *operand = read_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    alu_logic(interp, load(operand, bytes) & mask, bytes);
    return true;
}

static ALWAYS_INLINE bool test_rm_reg(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return test_with(interp, insn, get_register(interp, insn->reg, bytes), bytes);
}
FOR_SIZES(test_rm_reg)

static ALWAYS_INLINE bool test_rm_imm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return test_with(interp, insn, insn->immediate, bytes);
}
FOR_SIZES(test_rm_imm)

static ALWAYS_INLINE bool test_acc_imm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    alu_logic(interp, get_register(interp, GPR_EAX, bytes) & insn->immediate, bytes);
    return true;
}
FOR_SIZES(test_acc_imm)

static ALWAYS_INLINE bool step_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    void *operand = modify_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    store(operand, bytes, alu_step(interp, load(operand, bytes), insn->reg == 1, bytes));
    return finish(interp, operand);
}
FOR_SIZES(step_rm)

static ALWAYS_INLINE bool inc_register(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t value = get_register(interp, insn->opcode & 7, bytes);

    set_register(interp, insn->opcode & 7, bytes, alu_step(interp, value, false, bytes));
    return true;
}
FOR_WORDS(inc_register)

static ALWAYS_INLINE bool dec_register(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t value = get_register(interp, insn->opcode & 7, bytes);

    set_register(interp, insn->opcode & 7, bytes, alu_step(interp, value, true, bytes));
    return true;
}
FOR_WORDS(dec_register)

static ALWAYS_INLINE bool not_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    void *operand = modify_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    store(operand, bytes, ~load(operand, bytes));
    return finish(interp, operand);
}
FOR_SIZES(not_rm)

static ALWAYS_INLINE bool neg_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    void *operand = modify_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    store(operand, bytes, subtract_with_flags(interp, 0, load(operand, bytes), 0, bytes));
    return finish(interp, operand);
}
FOR_SIZES(neg_rm)

static handler_t find_unary(const struct instruction *insn)
{
    if (insn->opcode >= 0xFE)
        return insn->reg <= 1 ? BY_OPCODE(step_rm, insn) : NULL;
    return insn->reg <= 1 ? BY_OPCODE(test_rm_imm, insn) :
           insn->reg == 2 ? BY_OPCODE(not_rm, insn) : BY_OPCODE(neg_rm, insn);
}

handler_t arith_find(const struct instruction *insn)
{
    uint8_t opcode = insn->opcode;

    if (opcode < 0x40)
        return (opcode & 6) == 0 ? BY_OPCODE(alu_rm_reg, insn) :
               (opcode & 6) == 2 ? BY_OPCODE(alu_reg_rm, insn) : BY_OPCODE(alu_acc_imm, insn);
    if (opcode < 0x50)
        return opcode < 0x48 ? BY_OPERAND(inc_register, insn) : BY_OPERAND(dec_register, insn);
    if (opcode >= 0x80 && opcode <= 0x83)
        return BY_OPCODE(alu_rm_imm, insn);
    if (opcode == 0x84 || opcode == 0x85)
        return BY_OPCODE(test_rm_reg, insn);
    if (opcode == 0xA8 || opcode == 0xA9)
        return BY_OPCODE(test_acc_imm, insn);
    return find_unary(insn);
}
