/*
 * threaded_branch.c - steps of near jumps, calls and returns (PURE): threaded.h. A target in the code window is within
 * the limit of CS.
 */
#include "vpc/x86/flags.h"
#include "vpc/x86/threaded.h"

/* In the window, or else within the limit of CS: GO_TO finds it, or leaves it to the loop. */
static ALWAYS_INLINE bool is_good_target(const struct interp *interp, uint32_t target)
{
    return code_window_has(interp, target) || target <= interp->cpu.segments[SEG_CS].limit;
}

#define JCC_STEP(condition)                                                                                 \
    STEP(jcc_##condition)                                                                                   \
    {                                                                                                       \
        if (!flags_satisfy(interp, condition))                                                              \
            NEXT();                                                                                         \
        uint32_t target = (uint32_t)eip + memo->insn.immediate;                                             \
        if (!is_good_target(interp, target))                                                                \
            GENERALLY();                                                                                    \
        GO_TO(target);                                                                                      \
    }
JCC_STEP(0) JCC_STEP(1) JCC_STEP(2) JCC_STEP(3) JCC_STEP(4) JCC_STEP(5) JCC_STEP(6) JCC_STEP(7)
JCC_STEP(8) JCC_STEP(9) JCC_STEP(10) JCC_STEP(11) JCC_STEP(12) JCC_STEP(13) JCC_STEP(14) JCC_STEP(15)

static const step_t jcc_steps[16] = {
    step_jcc_0, step_jcc_1, step_jcc_2, step_jcc_3, step_jcc_4, step_jcc_5, step_jcc_6, step_jcc_7,
    step_jcc_8, step_jcc_9, step_jcc_10, step_jcc_11, step_jcc_12, step_jcc_13, step_jcc_14, step_jcc_15,
};

STEP(jmp)
{
    uint32_t target = (uint32_t)eip + memo->insn.immediate;

    if (!is_good_target(interp, target))
        GENERALLY();
    GO_TO(target);
}

STEP(loop)
{
    uint32_t target = (uint32_t)eip + memo->insn.immediate;

    if (!is_good_target(interp, target))
        GENERALLY();
    if (--interp->cpu.gpr[GPR_ECX] == 0)
        NEXT();
    GO_TO(target);
}

/* The target is good before anything is pushed. */
#define CALL_STEP(name, where)                                                                              \
    STEP(name)                                                                                              \
    {                                                                                                       \
        uint32_t target = where, offset = interp->cpu.gpr[GPR_ESP] - 4;                                     \
        loose32_t *top = plain_stack(interp, offset, 4);                                                    \
        if (top == NULL)                                                                                    \
            STACK_ELSEWHERE();                                                                              \
        if (!is_good_target(interp, target))                                                                \
            GENERALLY();                                                                                    \
        *top = (uint32_t)eip;                                                                               \
        interp->cpu.gpr[GPR_ESP] = offset;                                                                  \
        GO_TO(target);                                                                                      \
    }
CALL_STEP(call, (uint32_t)eip + memo->insn.immediate)
CALL_STEP(call_register, interp->cpu.gpr[memo->insn.rm])

STEP(ret)
{
    uint32_t offset = interp->cpu.gpr[GPR_ESP];
    const loose32_t *top = plain_stack(interp, offset, 4);

    if (top == NULL)
        STACK_ELSEWHERE();
    if (!is_good_target(interp, *top))
        GENERALLY();
    interp->cpu.gpr[GPR_ESP] = offset + 4 + memo->insn.immediate;
    GO_TO(*top);
}

STEP(jmp_register)
{
    uint32_t target = interp->cpu.gpr[memo->insn.rm];

    if (!is_good_target(interp, target))
        GENERALLY();
    GO_TO(target);
}

STEP(jmp_memory)
{
    const loose32_t *target = plain_read(interp, &memo->insn, 4);

    if (target == NULL || !is_good_target(interp, *target))
        GENERALLY();
    GO_TO(*target);
}

static step_t find_through_rm(const struct instruction *insn)
{
    if (insn->reg == 4)
        return insn->is_register ? step_jmp_register : step_jmp_memory;
    return insn->reg == 2 && insn->is_register ? step_call_register : NULL;
}

step_t threaded_branch_find(const struct instruction *insn)
{
    if (insn->map == MAP_TWO_BYTES)
        return (insn->opcode & 0xF0) == 0x80 ? jcc_steps[insn->opcode & 15] : NULL;
    if ((insn->opcode & 0xF0) == 0x70)
        return jcc_steps[insn->opcode & 15];
    switch (insn->opcode) {
    case 0xC2: case 0xC3:
        return step_ret;
    case 0xE2:
        return step_loop;
    case 0xE8:
        return step_call;
    case 0xE9: case 0xEB:
        return step_jmp;
    case 0xFF:
        return find_through_rm(insn);
    default:
        return NULL;
    }
}
