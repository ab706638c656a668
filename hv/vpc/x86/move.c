/*
 * move.c - moves and conversions (PURE). SDM vol. 2 "MOV", "LEA", "MOVZX", "MOVSX", "CMOVcc", "SETcc", "XLAT", "CBW",
 * "CWD", "BSWAP", "NOP".
 */
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"

static ALWAYS_INLINE bool mov_rm_reg(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return write_rm(interp, insn, bytes, get_register(interp, insn->reg, bytes));
}
FOR_SIZES(mov_rm_reg)

static ALWAYS_INLINE bool mov_reg_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *source = read_rm(interp, insn, bytes);

    if (source == NULL)
        return false;
    set_register(interp, insn->reg, bytes, load(source, bytes));
    return true;
}
FOR_SIZES(mov_reg_rm)

static ALWAYS_INLINE bool mov_rm_imm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return write_rm(interp, insn, bytes, insn->immediate);
}
FOR_SIZES(mov_rm_imm)

static ALWAYS_INLINE bool mov_reg_imm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    set_register(interp, insn->opcode & 7, bytes, insn->immediate);
    return true;
}
FOR_SIZES(mov_reg_imm)

static ALWAYS_INLINE bool mov_acc_offset(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *source = read_at(interp, insn->segment, insn->displacement, bytes);

    if (source == NULL)
        return false;
    set_register(interp, GPR_EAX, bytes, load(source, bytes));
    return true;
}
FOR_SIZES(mov_acc_offset)

static ALWAYS_INLINE bool mov_offset_acc(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return write_value(interp, insn->segment, insn->displacement, bytes, get_register(interp, GPR_EAX, bytes));
}
FOR_SIZES(mov_offset_acc)

static ALWAYS_INLINE bool lea(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    set_register(interp, insn->reg, bytes, operand_offset(interp, insn));
    return true;
}
FOR_WORDS(lea)

static ALWAYS_INLINE bool extend(struct interp *interp, const struct instruction *insn, unsigned bytes,
                                 unsigned from_bytes, bool is_signed)
{
    const void *source = read_rm(interp, insn, from_bytes);

    if (source == NULL)
        return false;
    uint32_t value = load(source, from_bytes);
    set_register(interp, insn->reg, bytes, is_signed ? (uint32_t)sign_extend(value, from_bytes) : value);
    return true;
}

static ALWAYS_INLINE bool movzx_byte(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return extend(interp, insn, bytes, 1, false);
}
FOR_WORDS(movzx_byte)

static ALWAYS_INLINE bool movzx_word(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return extend(interp, insn, bytes, 2, false);
}
FOR_WORDS(movzx_word)

static ALWAYS_INLINE bool movsx_byte(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return extend(interp, insn, bytes, 1, true);
}
FOR_WORDS(movsx_byte)

static ALWAYS_INLINE bool movsx_word(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return extend(interp, insn, bytes, 2, true);
}
FOR_WORDS(movsx_word)

/* The source is read, and may fault, whatever the condition says. */
static ALWAYS_INLINE bool cmov(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *source = read_rm(interp, insn, bytes);

    if (source == NULL)
        return false;
    if (flags_satisfy(interp, insn->opcode & 15))
        set_register(interp, insn->reg, bytes, load(source, bytes));
    return true;
}
FOR_WORDS(cmov)

static bool setcc(struct interp *interp, const struct instruction *insn)
{
    return write_rm(interp, insn, 1, flags_satisfy(interp, insn->opcode & 15));
}

static bool xlat(struct interp *interp, const struct instruction *insn)
{
    const uint32_t *gpr = interp->cpu.gpr;
    uint32_t offset = (gpr[GPR_EBX] + (gpr[GPR_EAX] & 0xFF)) & insn->address_mask;
    const void *source = read_at(interp, insn->segment, offset, 1);

    if (source == NULL)
        return false;
    set_register(interp, GPR_EAX, 1, load(source, 1));
    return true;
}

/* CBW and CWDE: half the accumulator to the whole. */
static bool cbw(struct interp *interp, const struct instruction *insn)
{
    unsigned half = insn->operand_bytes / 2;

    set_register(interp, GPR_EAX, 2 * half, (uint32_t)sign_extend(interp->cpu.gpr[GPR_EAX], half));
    return true;
}

/* CWD and CDQ: the accumulator's sign to (E)DX. */
static bool cwd(struct interp *interp, const struct instruction *insn)
{
    unsigned bytes = insn->operand_bytes;

    set_register(interp, GPR_EDX, bytes, sign_extend(interp->cpu.gpr[GPR_EAX], bytes) < 0 ? 0xFFFFFFFFu : 0);
    return true;
}

/* On a 16-bit register the manual leaves the result undefined; processors give 0. */
static bool bswap(struct interp *interp, const struct instruction *insn)
{
    uint32_t *reg = &interp->cpu.gpr[insn->opcode & 7];

    *reg = insn->operand_bytes == 4 ? __builtin_bswap32(*reg) : *reg & 0xFFFF0000u;
    return true;
}

static bool nop(struct interp *interp, const struct instruction *insn)
{
    (void)interp;
    (void)insn;
    return true;
}

static handler_t find_two_byte_move(const struct instruction *insn)
{
    switch (insn->opcode) {
    case 0xB6:
        return BY_OPERAND(movzx_byte, insn);
    case 0xB7:
        return BY_OPERAND(movzx_word, insn);
    case 0xBE:
        return BY_OPERAND(movsx_byte, insn);
    case 0xBF:
        return BY_OPERAND(movsx_word, insn);
    default:
        break;
    }
    if (insn->opcode >= 0x18 && insn->opcode <= 0x1F)
        return nop;         /* PREFETCH and hints */
    if (insn->opcode >= 0x40 && insn->opcode <= 0x4F)
        return BY_OPERAND(cmov, insn);
    return insn->opcode >= 0xC8 ? bswap : setcc;
}

handler_t move_find(const struct instruction *insn)
{
    if (insn->map == MAP_TWO_BYTES)
        return find_two_byte_move(insn);
    switch (insn->opcode) {
    case 0x88: case 0x89:
        return BY_OPCODE(mov_rm_reg, insn);
    case 0x8A: case 0x8B:
        return BY_OPCODE(mov_reg_rm, insn);
    case 0x8D:
        return insn->is_register ? NULL : BY_OPERAND(lea, insn);
    case 0x98:
        return cbw;
    case 0x99:
        return cwd;
    case 0xA0: case 0xA1:
        return BY_OPCODE(mov_acc_offset, insn);
    case 0xA2: case 0xA3:
        return BY_OPCODE(mov_offset_acc, insn);
    case 0xC6: case 0xC7:
        return insn->reg == 0 ? BY_OPCODE(mov_rm_imm, insn) : NULL;
    case 0xD7:
        return xlat;
    default:                /* B0 to BF */
        return insn->opcode < 0xB8 ? mov_reg_imm_1 : BY_OPERAND(mov_reg_imm, insn);
    }
}
