/*
 * segop.c - segment registers and selectors (PURE). SDM vol. 2 "MOV", "PUSH", "POP", "LDS/LES/LFS/LGS/LSS", "LAR",
 * "LSL", "VERR/VERW", "ARPL".
 */
#include "vpc/x86/access.h"
#include "vpc/x86/descriptor.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"

/* Nothing comes between a new SS and the ESP that goes with it. */
static bool load_with_shadow(struct interp *interp, unsigned number, uint16_t selector)
{
    if (!segment_load(interp, number, selector))
        return false;
    if (number == SEG_SS) {
        interp->cpu.shadow = SHADOW_SS;
        interp->has_attention = true;
    }
    return true;
}

static bool mov_to_segment(struct interp *interp, const struct instruction *insn)
{
    const void *source = read_rm(interp, insn, 2);

    return source != NULL && load_with_shadow(interp, insn->reg, (uint16_t)load(source, 2));
}

/* Into a register of 32 bits the upper half is 0; memory gets two bytes. */
static bool mov_from_segment(struct interp *interp, const struct instruction *insn)
{
    return write_rm(interp, insn, insn->is_register ? insn->operand_bytes : 2,
                    interp->cpu.segments[insn->reg].selector);
}

/* 06, 0E, 16, 1E and 0F A0, A8: the number is in bits 3-5. */
static bool push_segment(struct interp *interp, const struct instruction *insn)
{
    return push_value(interp, insn->operand_bytes, interp->cpu.segments[insn->opcode >> 3 & 7].selector);
}

static bool pop_segment(struct interp *interp, const struct instruction *insn)
{
    uint32_t selector, esp = interp->cpu.gpr[GPR_ESP];
    unsigned bytes = insn->operand_bytes;

    if (bytes == 4 ? !peek_value(interp, 0, 4, &selector) : !peek_value(interp, 0, 2, &selector))
        return false;
    move_stack(interp, bytes);
    if (load_with_shadow(interp, insn->opcode >> 3 & 7, (uint16_t)selector))
        return true;
    interp->cpu.gpr[GPR_ESP] = esp;
    return false;
}

static unsigned pointer_segment(const struct instruction *insn)
{
    if (insn->map == MAP_ONE_BYTE)
        return insn->opcode == 0xC4 ? SEG_ES : SEG_DS;
    return insn->opcode == 0xB2 ? SEG_SS : insn->opcode == 0xB4 ? SEG_FS : SEG_GS;
}

static ALWAYS_INLINE bool load_pointer(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t offset = operand_offset(interp, insn);
    const void *source = read_at(interp, insn->segment, offset, bytes);

    if (source == NULL)
        return false;
    uint32_t value = load(source, bytes);
    source = read_at(interp, insn->segment, (offset + bytes) & insn->address_mask, 2);
    if (source == NULL || !segment_load(interp, pointer_segment(insn), (uint16_t)load(source, 2)))
        return false;
    set_register(interp, insn->reg, bytes, value);
    return true;
}
FOR_WORDS(load_pointer)

static bool set_zf(struct interp *interp, bool zf)
{
    flags_set_arithmetic(interp, (flags_arithmetic(interp) & ~EFLAGS_ZF) | (zf ? EFLAGS_ZF : 0));
    return true;
}

/* Conforming code is there for everybody; the rest for RPL and CPL up to its DPL. */
static bool is_visible(const struct interp *interp, uint16_t selector, uint16_t attributes)
{
    unsigned dpl = attributes_dpl(attributes);

    if (attributes_are_code(attributes) && attributes & ATTR_CONFORMING)
        return true;
    return dpl >= interp->cpu.cpl && dpl >= (selector & 3u);
}

/* Types that LAR and LSL know: SDM vol. 2 "LAR", "LSL", tables of segment and gate types. */
#define LAR_TYPES 0x1A3Eu
#define LSL_TYPES 0x0A0Eu

static bool is_known(uint16_t attributes, uint32_t system_types)
{
    return attributes & ATTR_S || system_types >> attributes_system_type(attributes) & 1;
}

/* What LAR, LSL, VERR and VERW ask about. */
struct question {
    uint16_t selector, attributes;
    struct descriptor descriptor;
};

enum answer { ANSWER_FAULT, ANSWER_NONE, ANSWER_FOUND };

/* The selector in r/m16 and its descriptor; ANSWER_NONE when the tables hold none. */
static enum answer find_descriptor(struct interp *interp, const struct instruction *insn, struct question *question)
{
    const void *source = read_rm(interp, insn, 2);

    if (source == NULL)
        return ANSWER_FAULT;
    question->selector = (uint16_t)load(source, 2);
    if (selector_is_null(question->selector) || !descriptor_exists(interp, question->selector))
        return ANSWER_NONE;
    if (!descriptor_read(interp, question->selector, EXC_GP, 0, &question->descriptor))
        return ANSWER_FAULT;
    question->attributes = descriptor_attributes(&question->descriptor);
    return ANSWER_FOUND;
}

static ALWAYS_INLINE bool lar_lsl(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    struct question of;
    bool is_lar = insn->opcode == 0x02;
    enum answer answer = find_descriptor(interp, insn, &of);

    if (answer == ANSWER_FAULT)
        return false;
    if (answer == ANSWER_NONE || !is_known(of.attributes, is_lar ? LAR_TYPES : LSL_TYPES) ||
        !is_visible(interp, of.selector, of.attributes))
        return set_zf(interp, false);
    set_register(interp, insn->reg, bytes,
                 is_lar ? of.descriptor.high & 0x00FFFF00u : descriptor_segment(&of.descriptor, of.selector).limit);
    return set_zf(interp, true);
}
FOR_WORDS(lar_lsl)

static bool verify(struct interp *interp, const struct instruction *insn)
{
    struct question of;
    enum answer answer = find_descriptor(interp, insn, &of);

    if (answer != ANSWER_FOUND)
        return answer == ANSWER_NONE && set_zf(interp, false);
    bool is_code = of.attributes & ATTR_CODE;
    bool will_do = insn->reg == 5 ? attributes_are_writable_data(of.attributes) :
                   of.attributes & ATTR_S && (!is_code || of.attributes & ATTR_READABLE);
    return set_zf(interp, will_do && is_visible(interp, of.selector, of.attributes));
}

/* Written only if it changes, as processors do. */
static bool arpl(struct interp *interp, const struct instruction *insn)
{
    uint32_t rpl = get_register(interp, insn->reg, 2) & 3;
    const void *operand = read_rm(interp, insn, 2);

    if (operand == NULL)
        return false;
    uint32_t value = load(operand, 2);
    bool rises = (value & 3) < rpl;
    if (rises && !write_rm(interp, insn, 2, (value & 0xFFFCu) | rpl))
        return false;
    return set_zf(interp, rises);
}

/* #UD in real mode, which has no descriptors. */
#define PROTECTED_ONLY(name, handler)                                                                       \
    static bool name(struct interp *interp, const struct instruction *insn)                                 \
    {                                                                                                       \
        return vcpu_is_protected(&interp->cpu) ? handler(interp, insn) : op_undefined(interp, insn);        \
    }
PROTECTED_ONLY(op_lar_lsl_2, lar_lsl_2)
PROTECTED_ONLY(op_lar_lsl_4, lar_lsl_4)
PROTECTED_ONLY(op_verify, verify)
PROTECTED_ONLY(op_arpl, arpl)

static handler_t find_two_byte_segop(const struct instruction *insn)
{
    switch (insn->opcode) {
    case 0x00:
        return op_verify;
    case 0x02: case 0x03:
        return BY_OPERAND(op_lar_lsl, insn);
    case 0xA0: case 0xA8:
        return push_segment;
    case 0xA1: case 0xA9:
        return pop_segment;
    default:
        return insn->is_register ? NULL : BY_OPERAND(load_pointer, insn);
    }
}

handler_t segop_find(const struct instruction *insn)
{
    if (insn->map == MAP_TWO_BYTES)
        return find_two_byte_segop(insn);
    switch (insn->opcode) {
    case 0x63:
        return op_arpl;
    case 0x8C:
        return insn->reg < SEG_COUNT ? mov_from_segment : NULL;
    case 0x8E:
        return insn->reg < SEG_COUNT && insn->reg != SEG_CS ? mov_to_segment : NULL;
    case 0xC4: case 0xC5:
        return insn->is_register ? NULL : BY_OPERAND(load_pointer, insn);
    default:
        return insn->opcode & 1 ? pop_segment : push_segment;
    }
}
