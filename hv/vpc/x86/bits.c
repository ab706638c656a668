/*
 * bits.c - single bits (PURE). SDM vol. 2 "BT", "BTC", "BTR", "BTS", "BSF", "BSR".
 */
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"

enum { BIT_TEST, BIT_SET, BIT_RESET, BIT_COMPLEMENT };

/* Only CF is defined; the others stay. */
static void set_cf(struct interp *interp, uint32_t cf)
{
    flags_set_carry_overflow(interp, cf, flag_of(interp));
}

static ALWAYS_INLINE bool bit_operation(struct interp *interp, const struct instruction *insn, void *operand,
                                        uint32_t number, unsigned operation, unsigned bytes)
{
    if (operand == NULL)
        return false;
    uint32_t value = load(operand, bytes), bit = 1u << (number & (8 * bytes - 1));
    set_cf(interp, (value & bit) != 0);
    (void)insn;
    if (operation == BIT_TEST)
        return true;
    store(operand, bytes, operation == BIT_SET ? value | bit : operation == BIT_RESET ? value & ~bit : value ^ bit);
    return finish(interp, operand);
}

/* A bit string in memory: the number is signed, and picks an operand before or after the one that is named. */
static ALWAYS_INLINE uint32_t string_offset(struct interp *interp, const struct instruction *insn, uint32_t number,
                                            unsigned bytes)
{
    int32_t operand = (int32_t)sign_extend(number, bytes) >> (bytes == 4 ? 5 : 4);

    return (operand_offset(interp, insn) + (uint32_t)operand * bytes) & insn->address_mask;
}

static ALWAYS_INLINE void *open_bits(struct interp *interp, const struct instruction *insn, uint32_t offset,
                                     unsigned operation, unsigned bytes)
{
    if (insn->is_register)
        return register_at(interp, insn->rm, bytes);
    if (operation == BIT_TEST)
        return (void *)(uintptr_t)read_at(interp, insn->segment, offset, bytes);
    return modify_at(interp, insn->segment, offset, bytes);
}

static ALWAYS_INLINE bool bit_register(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    unsigned operation = insn->opcode >> 3 & 3;     /* A3, AB, B3, BB */
    uint32_t number = get_register(interp, insn->reg, bytes);
    uint32_t offset = string_offset(interp, insn, number, bytes);

    return bit_operation(interp, insn, open_bits(interp, insn, offset, operation, bytes), number, operation, bytes);
}
FOR_WORDS(bit_register)

static ALWAYS_INLINE bool bit_immediate(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    unsigned operation = insn->reg & 3;             /* /4 to /7 */
    uint32_t offset = operand_offset(interp, insn);

    return bit_operation(interp, insn, open_bits(interp, insn, offset, operation, bytes), insn->immediate, operation,
                         bytes);
}
FOR_WORDS(bit_immediate)

/* A source of 0 sets ZF and, on processors as they are, leaves the destination alone. */
static ALWAYS_INLINE bool bit_scan(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *operand = read_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    uint32_t value = load(operand, bytes);
    uint32_t eflags = flags_arithmetic(interp) & ~EFLAGS_ZF;
    flags_set_arithmetic(interp, value == 0 ? eflags | EFLAGS_ZF : eflags);
    if (value != 0)
        set_register(interp, insn->reg, bytes,
                     (uint32_t)(insn->opcode == 0xBC ? __builtin_ctz(value) : 31 - __builtin_clz(value)));
    return true;
}
FOR_WORDS(bit_scan)

handler_t bits_find(const struct instruction *insn)
{
    if (insn->opcode == 0xBA)
        return insn->reg >= 4 ? BY_OPERAND(bit_immediate, insn) : NULL;
    if (insn->opcode == 0xBC || insn->opcode == 0xBD)
        return BY_OPERAND(bit_scan, insn);
    return BY_OPERAND(bit_register, insn);
}
