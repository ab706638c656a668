/*
 * threaded_arith.c - steps of addition, subtraction and logic (PURE): threaded.h. What arith.c does in every size and
 * form is here on 32 bits, and what compares bytes.
 */
#include "vpc/x86/alu.h"
#include "vpc/x86/threaded.h"

#define GPR(number) interp->cpu.gpr[memo->insn.number]

/* To a register: from a register, an immediate, memory. */
#define ALU_STEPS(name, operation)                                                                          \
    STEP(name##_rm_reg)                                                                                     \
    {                                                                                                       \
        GPR(rm) = alu(interp, operation, GPR(rm), GPR(reg), 4);                                             \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(name##_rm_imm)                                                                                     \
    {                                                                                                       \
        GPR(rm) = alu(interp, operation, GPR(rm), memo->insn.immediate, 4);                                 \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(name##_reg_memory)                                                                                 \
    {                                                                                                       \
        const loose32_t *source = plain_read(interp, &memo->insn, 4);                                       \
        if (source == NULL)                                                                                 \
            MEMORY_ELSEWHERE();                                                                             \
        GPR(reg) = alu(interp, operation, GPR(reg), *source, 4);                                            \
        NEXT();                                                                                             \
    }
ALU_STEPS(add, ALU_ADD)
ALU_STEPS(or, ALU_OR)
ALU_STEPS(adc, ALU_ADC)
ALU_STEPS(sbb, ALU_SBB)
ALU_STEPS(and, ALU_AND)
ALU_STEPS(sub, ALU_SUB)
ALU_STEPS(xor, ALU_XOR)

/* To memory. */
#define ALU_MEMORY_STEPS(name, operation)                                                                   \
    STEP(name##_memory_reg)                                                                                 \
    {                                                                                                       \
        loose32_t *operand = plain_write(interp, &memo->insn, 4);                                           \
        if (operand == NULL)                                                                                \
            MEMORY_ELSEWHERE();                                                                             \
        *operand = alu(interp, operation, *operand, GPR(reg), 4);                                           \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(name##_memory_imm)                                                                                 \
    {                                                                                                       \
        loose32_t *operand = plain_write(interp, &memo->insn, 4);                                           \
        if (operand == NULL)                                                                                \
            MEMORY_ELSEWHERE();                                                                             \
        *operand = alu(interp, operation, *operand, memo->insn.immediate, 4);                               \
        NEXT();                                                                                             \
    }
ALU_MEMORY_STEPS(add, ALU_ADD)
ALU_MEMORY_STEPS(or, ALU_OR)
ALU_MEMORY_STEPS(and, ALU_AND)
ALU_MEMORY_STEPS(sub, ALU_SUB)

/* What sets flags only: CMP and TEST, operation being an expression of two values. Three of four operands. */
#define FLAG_STEPS(name, bytes, operation, low)                                                             \
    STEP(name##_rm_reg)                                                                                     \
    {                                                                                                       \
        uint32_t a = get_register(interp, memo->insn.rm, bytes), b = get_register(interp, memo->insn.reg, bytes); \
        operation;                                                                                          \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(name##_rm_imm)                                                                                     \
    {                                                                                                       \
        uint32_t a = get_register(interp, memo->insn.rm, bytes), b = memo->insn.immediate & low;            \
        operation;                                                                                          \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(name##_memory_reg)                                                                                 \
    {                                                                                                       \
        const void *left = plain_read(interp, &memo->insn, bytes);                                          \
        if (left == NULL)                                                                                   \
            MEMORY_ELSEWHERE();                                                                             \
        uint32_t a = load(left, bytes), b = get_register(interp, memo->insn.reg, bytes);                    \
        operation;                                                                                          \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(name##_memory_imm)                                                                                 \
    {                                                                                                       \
        const void *left = plain_read(interp, &memo->insn, bytes);                                          \
        if (left == NULL)                                                                                   \
            MEMORY_ELSEWHERE();                                                                             \
        uint32_t a = load(left, bytes), b = memo->insn.immediate & low;                                     \
        operation;                                                                                          \
        NEXT();                                                                                             \
    }
FLAG_STEPS(cmp, 4, subtract_with_flags(interp, a, b, 0, 4), 0xFFFFFFFFu)
FLAG_STEPS(cmp1, 1, subtract_with_flags(interp, a, b, 0, 1), 0xFFu)
FLAG_STEPS(test, 4, alu_logic(interp, a & b, 4), 0xFFFFFFFFu)
FLAG_STEPS(test1, 1, alu_logic(interp, a & b, 1), 0xFFu)

STEP(cmp_reg_memory)
{
    const loose32_t *source = plain_read(interp, &memo->insn, 4);

    if (source == NULL)
        MEMORY_ELSEWHERE();
    subtract_with_flags(interp, GPR(reg), *source, 0, 4);
    NEXT();
}

STEP(cmp1_reg_memory)
{
    const uint8_t *source = plain_read(interp, &memo->insn, 1);

    if (source == NULL)
        MEMORY_ELSEWHERE();
    subtract_with_flags(interp, get_register(interp, memo->insn.reg, 1), *source, 0, 1);
    NEXT();
}

/* The operand is a register that the opcode names, or in memory. */
#define STEP_STEPS(name, is_down)                                                                           \
    STEP(name##_opcode)                                                                                     \
    {                                                                                                       \
        uint32_t *operand = &GPR(rm);                                                                       \
        *operand = alu_step(interp, *operand, is_down, 4);                                                  \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(name##_memory)                                                                                     \
    {                                                                                                       \
        loose32_t *operand = plain_write(interp, &memo->insn, 4);                                           \
        if (operand == NULL)                                                                                \
            MEMORY_ELSEWHERE();                                                                             \
        *operand = alu_step(interp, *operand, is_down, 4);                                                  \
        NEXT();                                                                                             \
    }
STEP_STEPS(inc, false)
STEP_STEPS(dec, true)

enum { TO_RM_REG, TO_RM_IMM, TO_REG_MEMORY, TO_MEMORY_REG, TO_MEMORY_IMM, FORMS };

static unsigned form_of(const struct instruction *insn)
{
    bool has_immediate = insn->opcode >= 0x80 && insn->opcode <= 0x83;

    if (insn->is_register)
        return has_immediate ? TO_RM_IMM : TO_RM_REG;
    return has_immediate ? TO_MEMORY_IMM : insn->opcode & 2 ? TO_REG_MEMORY : TO_MEMORY_REG;
}

/* An opcode with bit 1 has its destination in reg: between two registers it is not made for that. */
static bool is_reversed(const struct instruction *insn)
{
    return insn->opcode < 0x40 && insn->opcode & 2 && insn->is_register;
}

#define ALU_FORMS(name) step_##name##_rm_reg, step_##name##_rm_imm, step_##name##_reg_memory
#define MEMORY_FORMS(name) step_##name##_memory_reg, step_##name##_memory_imm

static step_t find_alu(const struct instruction *insn)
{
    static const step_t steps[8][FORMS] = {
        { ALU_FORMS(add), MEMORY_FORMS(add) }, { ALU_FORMS(or), MEMORY_FORMS(or) }, { ALU_FORMS(adc) },
        { ALU_FORMS(sbb) }, { ALU_FORMS(and), MEMORY_FORMS(and) }, { ALU_FORMS(sub), MEMORY_FORMS(sub) },
        { ALU_FORMS(xor) }, { ALU_FORMS(cmp), MEMORY_FORMS(cmp) },
    };
    static const step_t byte_compares[FORMS] = { ALU_FORMS(cmp1), MEMORY_FORMS(cmp1) };
    unsigned operation = insn->opcode < 0x40 ? insn->opcode >> 3 : insn->reg;

    if (is_reversed(insn))
        return NULL;
    if (insn->opcode & 1)
        return steps[operation][form_of(insn)];
    return operation == ALU_CMP ? byte_compares[form_of(insn)] : NULL;
}

static step_t find_test(const struct instruction *insn)
{
    static const step_t steps[2][FORMS] = {
        { step_test1_rm_reg, step_test1_rm_imm, NULL, step_test1_memory_reg, step_test1_memory_imm },
        { step_test_rm_reg, step_test_rm_imm, NULL, step_test_memory_reg, step_test_memory_imm },
    };
    const step_t *forms = steps[insn->opcode & 1];

    if (insn->opcode < 0xF0)
        return forms[insn->is_register ? TO_RM_REG : TO_MEMORY_REG];
    return insn->reg > 1 ? NULL : forms[insn->is_register ? TO_RM_IMM : TO_MEMORY_IMM];
}

/* The immediate forms of the accumulator: rm is 0 there, which is EAX. */
static step_t find_accumulator(const struct instruction *insn)
{
    static const step_t steps[8] = { step_add_rm_imm, step_or_rm_imm, step_adc_rm_imm, step_sbb_rm_imm,
                                     step_and_rm_imm, step_sub_rm_imm, step_xor_rm_imm, step_cmp_rm_imm };

    if (insn->opcode >= 0x40)
        return insn->opcode & 1 ? step_test_rm_imm : step_test1_rm_imm;
    return insn->opcode & 1 ? steps[insn->opcode >> 3] : insn->opcode == 0x3C ? step_cmp1_rm_imm : NULL;
}

static step_t find_step(const struct instruction *insn)
{
    if ((insn->opcode & 0xF0) == 0x40)
        return insn->opcode < 0x48 ? step_inc_opcode : step_dec_opcode;
    if (insn->opcode != 0xFF || insn->is_register || insn->reg > 1)
        return NULL;
    return insn->reg == 0 ? step_inc_memory : step_dec_memory;
}

step_t threaded_arith_find(const struct instruction *insn)
{
    uint8_t opcode = insn->opcode;

    if (insn->map != MAP_ONE_BYTE)
        return NULL;
    if ((opcode < 0x40 && (opcode & 7) < 4) || (opcode >= 0x80 && opcode <= 0x83))
        return find_alu(insn);
    if ((opcode < 0x40 && (opcode & 7) < 6) || opcode == 0xA8 || opcode == 0xA9)
        return find_accumulator(insn);
    if (opcode == 0x84 || opcode == 0x85 || opcode == 0xF6 || opcode == 0xF7)
        return find_test(insn);
    return find_step(insn);
}
