/*
 * threaded_stack.c - steps of the stack and of segment registers (PURE): threaded.h. Loads of DS, ES, FS and GS are
 * plain when what they load is known.
 */
#include "vpc/x86/known_segment.h"
#include "vpc/x86/threaded.h"

PUSH_STEP(push_opcode, interp->cpu.gpr[memo->insn.rm])
PUSH_STEP(push_imm, memo->insn.immediate)

STEP(push_memory)
{
    const loose32_t *source = plain_read(interp, &memo->insn, 4);
    uint32_t offset = interp->cpu.gpr[GPR_ESP] - 4;
    loose32_t *top = plain_stack(interp, offset, 4);

    if (top == NULL)
        STACK_ELSEWHERE();
    if (source == NULL)
        MEMORY_ELSEWHERE();
    *top = *source;
    interp->cpu.gpr[GPR_ESP] = offset;
    NEXT();
}

STEP(pop_opcode)
{
    uint32_t offset = interp->cpu.gpr[GPR_ESP];
    const loose32_t *top = plain_stack(interp, offset, 4);

    if (top == NULL)
        STACK_ELSEWHERE();
    interp->cpu.gpr[GPR_ESP] = offset + 4;
    interp->cpu.gpr[memo->insn.rm] = *top;      /* last: POP ESP has the value */
    NEXT();
}

STEP(leave_frame)
{
    uint32_t frame = interp->cpu.gpr[GPR_EBP];
    const loose32_t *top = plain_stack(interp, frame, 4);

    if (top == NULL)
        STACK_ELSEWHERE();
    interp->cpu.gpr[GPR_ESP] = frame + 4;
    interp->cpu.gpr[GPR_EBP] = *top;
    NEXT();
}

STEP(pusha)
{
    uint32_t *gpr = interp->cpu.gpr, offset = gpr[GPR_ESP] - 32;
    loose32_t *top = plain_stack(interp, offset, 32);

    if (top == NULL)
        STACK_ELSEWHERE();
    for (unsigned i = 0; i < 8; i++)
        top[7 - i] = gpr[i];
    gpr[GPR_ESP] = offset;
    NEXT();
}

STEP(popa)
{
    uint32_t *gpr = interp->cpu.gpr, offset = gpr[GPR_ESP];
    const loose32_t *top = plain_stack(interp, offset, 32);

    if (top == NULL)
        STACK_ELSEWHERE();
    for (unsigned i = 0; i < 8; i++)
        gpr[i] = top[7 - i];
    gpr[GPR_ESP] = offset + 32;
    NEXT();
}

/* The number is in bits 3-5 of 06, 0E, 16, 1E and 0F A0, A1, A8, A9. */
PUSH_STEP(push_segment, interp->cpu.segments[memo->insn.opcode >> 3 & 7].selector)

STEP(segment_elsewhere);

STEP(pop_segment)
{
    uint32_t offset = interp->cpu.gpr[GPR_ESP];
    const loose32_t *top = plain_stack(interp, offset, 4);

    if (top == NULL)
        STACK_ELSEWHERE();
    if (!known_load(interp, memo->insn.opcode >> 3 & 7, (uint16_t)*top))
        TAIL_CALL step_segment_elsewhere(interp, memo, eip, delta);
    interp->cpu.gpr[GPR_ESP] = offset + 4;
    NEXT();
}

STEP(mov_to_segment)
{
    if (!known_load(interp, memo->insn.reg, (uint16_t)interp->cpu.gpr[memo->insn.rm]))
        TAIL_CALL step_segment_elsewhere(interp, memo, eip, delta);
    NEXT();
}

/* The selector that the instruction loads; of a POP, plain_stack has said that it can be read. */
static uint16_t selector_to_load(struct interp *interp, const struct instruction *insn)
{
    if (insn->opcode == 0x8E)
        return (uint16_t)interp->cpu.gpr[insn->rm];
    return (uint16_t)*(const loose32_t *)plain_stack(interp, interp->cpu.gpr[GPR_ESP], 4);
}

/* What it stands for is not where it lay last, but may be known all the same: then once more. */
STEP(segment_elsewhere)
{
    if (known_find(interp, selector_to_load(interp, &memo->insn), DESCRIPTOR_FOR_DATA, 0) == NULL)
        GENERALLY();
    if (memo->insn.opcode == 0x8E)
        TAIL_CALL step_mov_to_segment(interp, memo, eip, delta);
    TAIL_CALL step_pop_segment(interp, memo, eip, delta);
}

/* A new SS has a shadow behind it, and CS is not popped. */
static bool is_data_segment(unsigned number)
{
    return number == SEG_ES || (number >= SEG_DS && number < SEG_COUNT);
}

static step_t find_pop_segment(const struct instruction *insn)
{
    return is_data_segment(insn->opcode >> 3 & 7) ? step_pop_segment : NULL;
}

static step_t find_far_segment(const struct instruction *insn)
{
    if (insn->opcode == 0xA0 || insn->opcode == 0xA8)
        return step_push_segment;
    return insn->opcode == 0xA1 || insn->opcode == 0xA9 ? find_pop_segment(insn) : NULL;
}

step_t threaded_stack_find(const struct instruction *insn)
{
    uint8_t opcode = insn->opcode;

    if (insn->map == MAP_TWO_BYTES)
        return find_far_segment(insn);
    if (opcode >= 0x50 && opcode < 0x60)
        return opcode < 0x58 ? step_push_opcode : step_pop_opcode;
    switch (opcode) {
    case 0x06: case 0x0E: case 0x16: case 0x1E:
        return step_push_segment;
    case 0x07: case 0x1F:
        return find_pop_segment(insn);
    case 0x60:
        return step_pusha;
    case 0x61:
        return step_popa;
    case 0x68: case 0x6A:
        return step_push_imm;
    case 0x8E:
        return insn->is_register && is_data_segment(insn->reg) ? step_mov_to_segment : NULL;
    case 0xC9:
        return step_leave_frame;
    case 0xFF:
        return insn->reg == 6 && !insn->is_register ? step_push_memory : NULL;
    default:
        return NULL;
    }
}
