/*
 * threaded_move.c - steps of moves (PURE): threaded.h.
 */
#include "vpc/x86/flags.h"
#include "vpc/x86/threaded.h"

#define GPR(number) interp->cpu.gpr[memo->insn.number]

STEP(mov_rm_reg)
{
    GPR(rm) = GPR(reg);
    NEXT();
}

STEP(mov_reg_rm)
{
    GPR(reg) = GPR(rm);
    NEXT();
}

STEP(mov_opcode_imm)
{
    interp->cpu.gpr[memo->insn.rm] = memo->insn.immediate;
    NEXT();
}

/* A load and a store, with an index or without. */
#define MOVE_STEPS(name, offset)                                                                            \
    STEP(load_##name)                                                                                       \
    {                                                                                                       \
        const loose32_t *source = plain_at(interp, memo->insn.segment, offset, 4, false);                   \
        if (source == NULL)                                                                                 \
            MEMORY_ELSEWHERE();                                                                             \
        GPR(reg) = *source;                                                                                 \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(store_##name)                                                                                      \
    {                                                                                                       \
        loose32_t *to = plain_at(interp, memo->insn.segment, offset, 4, true);                              \
        if (to == NULL)                                                                                     \
            MEMORY_ELSEWHERE();                                                                             \
        *to = GPR(reg);                                                                                     \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(lea_##name)                                                                                        \
    {                                                                                                       \
        GPR(reg) = offset;                                                                                  \
        NEXT();                                                                                             \
    }
MOVE_STEPS(based, based_offset(interp, &memo->insn))
MOVE_STEPS(indexed, plain_offset(interp, &memo->insn))

STEP(load_byte)
{
    const uint8_t *source = plain_read(interp, &memo->insn, 1);

    if (source == NULL)
        MEMORY_ELSEWHERE();
    set_register(interp, memo->insn.reg, 1, *source);
    NEXT();
}

STEP(store_byte)
{
    uint8_t *to = plain_write(interp, &memo->insn, 1);

    if (to == NULL)
        MEMORY_ELSEWHERE();
    *to = (uint8_t)get_register(interp, memo->insn.reg, 1);
    NEXT();
}

STEP(store_imm)
{
    loose32_t *to = plain_write(interp, &memo->insn, 4);

    if (to == NULL)
        MEMORY_ELSEWHERE();
    *to = memo->insn.immediate;
    NEXT();
}

STEP(store_byte_imm)
{
    uint8_t *to = plain_write(interp, &memo->insn, 1);

    if (to == NULL)
        MEMORY_ELSEWHERE();
    *to = (uint8_t)memo->insn.immediate;
    NEXT();
}

/* EAX from and to an address in the instruction itself. */
STEP(load_offset)
{
    const loose32_t *source = plain_at(interp, memo->insn.segment, memo->insn.displacement, 4, false);

    if (source == NULL)
        MEMORY_ELSEWHERE();
    interp->cpu.gpr[GPR_EAX] = *source;
    NEXT();
}

STEP(store_offset)
{
    loose32_t *to = plain_at(interp, memo->insn.segment, memo->insn.displacement, 4, true);

    if (to == NULL)
        MEMORY_ELSEWHERE();
    *to = interp->cpu.gpr[GPR_EAX];
    NEXT();
}

#define EXTEND_STEPS(name, bytes, extended)                                                                 \
    STEP(name##_register)                                                                                   \
    {                                                                                                       \
        uint32_t value = get_register(interp, memo->insn.rm, bytes);                                        \
        GPR(reg) = (uint32_t)(extended);                                                                    \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(name##_memory)                                                                                     \
    {                                                                                                       \
        const void *source = plain_read(interp, &memo->insn, bytes);                                        \
        if (source == NULL)                                                                                 \
            MEMORY_ELSEWHERE();                                                                             \
        uint32_t value = load(source, bytes);                                                               \
        GPR(reg) = (uint32_t)(extended);                                                                    \
        NEXT();                                                                                             \
    }
EXTEND_STEPS(movzx_byte, 1, value)
EXTEND_STEPS(movzx_word, 2, value)
EXTEND_STEPS(movsx_byte, 1, sign_extend(value, 1))
EXTEND_STEPS(movsx_word, 2, sign_extend(value, 2))

STEP(nop)
{
    NEXT();
}

static step_t find_two_byte(const struct instruction *insn)
{
    bool is_register = insn->is_register;

    switch (insn->opcode) {
    case 0xB6:
        return is_register ? step_movzx_byte_register : step_movzx_byte_memory;
    case 0xB7:
        return is_register ? step_movzx_word_register : step_movzx_word_memory;
    case 0xBE:
        return is_register ? step_movsx_byte_register : step_movsx_byte_memory;
    case 0xBF:
        return is_register ? step_movsx_word_register : step_movsx_word_memory;
    default:
        return NULL;
    }
}

/* 88 to 8D, C6, C7. */
static step_t find_modrm_move(const struct instruction *insn)
{
    bool is_register = insn->is_register, is_indexed = insn->index != GPR_NONE;

    switch (insn->opcode) {
    case 0x88:
        return is_register ? NULL : step_store_byte;
    case 0x89:
        return is_register ? step_mov_rm_reg : is_indexed ? step_store_indexed : step_store_based;
    case 0x8A:
        return is_register ? NULL : step_load_byte;
    case 0x8B:
        return is_register ? step_mov_reg_rm : is_indexed ? step_load_indexed : step_load_based;
    case 0x8D:
        return is_register ? NULL : is_indexed ? step_lea_indexed : step_lea_based;
    case 0xC6:
        return is_register || insn->reg != 0 ? NULL : step_store_byte_imm;
    case 0xC7:
        return is_register || insn->reg != 0 ? NULL : step_store_imm;
    default:
        return NULL;
    }
}

step_t threaded_move_find(const struct instruction *insn)
{
    uint8_t opcode = insn->opcode;

    if (insn->map == MAP_TWO_BYTES)
        return find_two_byte(insn);
    if (opcode >= 0xB8 && opcode <= 0xBF)
        return step_mov_opcode_imm;
    switch (opcode) {
    case 0x90:
        return step_nop;
    case 0xA1:
        return step_load_offset;
    case 0xA3:
        return step_store_offset;
    default:
        return find_modrm_move(insn);
    }
}
