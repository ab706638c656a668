/*
 * arith.c - addition, subtraction and logic (PURE). SDM vol. 2 "ADD" to "XOR", vol. 1 "Status Flags".
 *
 * A destination in memory is opened for change before anything is worked out, so that a fault comes with flags and
 * registers untouched. Flags are not computed here but noted (flags.h): most are overwritten before anybody looks.
 */
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"

/* By the number in bits 3-5 of the opcode. */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };

/* CF and OF are 0, AF is undefined. */
static ALWAYS_INLINE uint32_t logic(struct interp *interp, uint32_t result, unsigned bytes)
{
    flags_set_result(interp, result, bytes);
    interp->flag_carries = 0;
    return result;
}

static ALWAYS_INLINE uint32_t alu(struct interp *interp, unsigned operation, uint32_t a, uint32_t b, unsigned bytes)
{
    switch (operation) {
    case ALU_ADD: return add_with_flags(interp, a, b, 0, bytes);
    case ALU_OR: return logic(interp, a | b, bytes);
    case ALU_ADC: return add_with_flags(interp, a, b, flag_cf(interp), bytes);
    case ALU_SBB: return subtract_with_flags(interp, a, b, flag_cf(interp), bytes);
    case ALU_AND: return logic(interp, a & b, bytes);
    case ALU_XOR: return logic(interp, a ^ b, bytes);
    default: return subtract_with_flags(interp, a, b, 0, bytes);
    }
}

static ALWAYS_INLINE bool alu_to_rm(struct interp *interp, const struct instruction *insn, unsigned operation,
                                    uint32_t source, unsigned bytes)
{
    if (operation == ALU_CMP) {
        const void *left = read_rm(interp, insn, bytes);
        if (left == NULL)
            return false;
        alu(interp, operation, load(left, bytes), source, bytes);
        return true;
    }
    void *operand = modify_rm(interp, insn, bytes);
    if (operand == NULL)
        return false;
    store(operand, bytes, alu(interp, operation, load(operand, bytes), source, bytes));
    return finish(interp, operand);
}

static ALWAYS_INLINE bool alu_rm_reg(struct interp *interp, const struct instruction *insn, unsigned operation,
                                     unsigned bytes)
{
    return alu_to_rm(interp, insn, operation, get_register(interp, insn->reg, bytes), bytes);
}

static ALWAYS_INLINE bool alu_rm_imm(struct interp *interp, const struct instruction *insn, unsigned operation,
                                     unsigned bytes)
{
    uint32_t immediate = bytes == 4 ? insn->immediate : insn->immediate & ((1u << 8 * (bytes & 3)) - 1);

    return alu_to_rm(interp, insn, operation, immediate, bytes);
}

static ALWAYS_INLINE bool alu_reg_rm(struct interp *interp, const struct instruction *insn, unsigned operation,
                                     unsigned bytes)
{
    const void *source = read_rm(interp, insn, bytes);

    if (source == NULL)
        return false;
    uint32_t left = get_register(interp, insn->reg, bytes);
    uint32_t result = alu(interp, operation, left, load(source, bytes), bytes);
    if (operation != ALU_CMP)
        set_register(interp, insn->reg, bytes, result);
    return true;
}

static ALWAYS_INLINE bool alu_acc_imm(struct interp *interp, const struct instruction *insn, unsigned operation,
                                      unsigned bytes)
{
    uint32_t immediate = bytes == 4 ? insn->immediate : insn->immediate & ((1u << 8 * (bytes & 3)) - 1);
    uint32_t result = alu(interp, operation, get_register(interp, GPR_EAX, bytes), immediate, bytes);

    if (operation != ALU_CMP)
        set_register(interp, GPR_EAX, bytes, result);
    return true;
}

/* Every operation in every form and size has a function of its own, in which the compiler knows all three. */
#define ALU_SIZE(form, name, operation, bytes)                                                              \
    static bool form##_##name##_##bytes(struct interp *interp, const struct instruction *insn)              \
    {                                                                                                       \
        return alu_##form(interp, insn, operation, bytes);                                                  \
    }
#define ALU_FORM(form, name, operation)                                                                     \
    ALU_SIZE(form, name, operation, 1) ALU_SIZE(form, name, operation, 2) ALU_SIZE(form, name, operation, 4)
#define ALU_FORMS(name, operation)                                                                          \
    ALU_FORM(rm_reg, name, operation) ALU_FORM(reg_rm, name, operation)                                     \
    ALU_FORM(acc_imm, name, operation) ALU_FORM(rm_imm, name, operation)

ALU_FORMS(add, ALU_ADD)
ALU_FORMS(or, ALU_OR)
ALU_FORMS(adc, ALU_ADC)
ALU_FORMS(sbb, ALU_SBB)
ALU_FORMS(and, ALU_AND)
ALU_FORMS(sub, ALU_SUB)
ALU_FORMS(xor, ALU_XOR)
ALU_FORMS(cmp, ALU_CMP)

enum { FORM_RM_REG, FORM_REG_RM, FORM_ACC_IMM, FORM_RM_IMM, FORM_COUNT };

#define ALU_ENTRY(form, name) { form##_##name##_1, form##_##name##_2, form##_##name##_4 }
#define ALU_ENTRIES(name)                                                                                   \
    { ALU_ENTRY(rm_reg, name), ALU_ENTRY(reg_rm, name), ALU_ENTRY(acc_imm, name), ALU_ENTRY(rm_imm, name) }
static const handler_t alu_handlers[8][FORM_COUNT][3] = {
    ALU_ENTRIES(add), ALU_ENTRIES(or), ALU_ENTRIES(adc), ALU_ENTRIES(sbb),
    ALU_ENTRIES(and), ALU_ENTRIES(sub), ALU_ENTRIES(xor), ALU_ENTRIES(cmp),
};

static ALWAYS_INLINE bool test_with(struct interp *interp, const struct instruction *insn, uint32_t mask,
                                    unsigned bytes)
{
    const void *operand = read_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    logic(interp, load(operand, bytes) & mask, bytes);
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
    logic(interp, get_register(interp, GPR_EAX, bytes) & insn->immediate, bytes);
    return true;
}
FOR_SIZES(test_acc_imm)

/* INC and DEC leave CF alone. */
static ALWAYS_INLINE uint32_t step_value(struct interp *interp, uint32_t value, bool is_down, unsigned bytes)
{
    uint32_t cf = flag_cf(interp);
    uint32_t result = is_down ? subtract_with_flags(interp, value, 1, 0, bytes) :
                                add_with_flags(interp, value, 1, 0, bytes);

    flags_set_carry_overflow(interp, cf, flag_of(interp));
    return result;
}

static ALWAYS_INLINE bool step_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    void *operand = modify_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    store(operand, bytes, step_value(interp, load(operand, bytes), insn->reg == 1, bytes));
    return finish(interp, operand);
}
FOR_SIZES(step_rm)

static ALWAYS_INLINE bool inc_register(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t value = get_register(interp, insn->opcode & 7, bytes);

    set_register(interp, insn->opcode & 7, bytes, step_value(interp, value, false, bytes));
    return true;
}
FOR_WORDS(inc_register)

static ALWAYS_INLINE bool dec_register(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t value = get_register(interp, insn->opcode & 7, bytes);

    set_register(interp, insn->opcode & 7, bytes, step_value(interp, value, true, bytes));
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

static unsigned size_index(const struct instruction *insn)
{
    return !(insn->opcode & 1) ? 0 : insn->operand_bytes == 2 ? 1 : 2;
}

static handler_t find_unary(const struct instruction *insn)
{
    if (insn->opcode >= 0xFE)
        return insn->reg <= 1 ? BY_OPCODE(step_rm, insn) : NULL;
    return insn->reg <= 1 ? BY_OPCODE(test_rm_imm, insn) :
           insn->reg == 2 ? BY_OPCODE(not_rm, insn) : BY_OPCODE(neg_rm, insn);
}

handler_t arith_find(const struct instruction *insn)
{
    static const uint8_t forms[6] = { FORM_RM_REG, FORM_RM_REG, FORM_REG_RM, FORM_REG_RM, FORM_ACC_IMM, FORM_ACC_IMM };
    uint8_t opcode = insn->opcode;

    if (opcode < 0x40)
        return alu_handlers[opcode >> 3][forms[opcode & 7]][size_index(insn)];
    if (opcode < 0x50)
        return opcode < 0x48 ? BY_OPERAND(inc_register, insn) : BY_OPERAND(dec_register, insn);
    if (opcode >= 0x80 && opcode <= 0x83)
        return alu_handlers[insn->reg][FORM_RM_IMM][size_index(insn)];
    if (opcode == 0x84 || opcode == 0x85)
        return BY_OPCODE(test_rm_reg, insn);
    if (opcode == 0xA8 || opcode == 0xA9)
        return BY_OPCODE(test_acc_imm, insn);
    return find_unary(insn);
}
