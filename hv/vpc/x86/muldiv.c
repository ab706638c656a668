/*
 * muldiv.c - multiplication and division (PURE). SDM vol. 2 "MUL", "IMUL", "DIV", "IDIV".
 */
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"

/* The register pair of a product: AX for bytes, else DX:AX or EDX:EAX. */
static ALWAYS_INLINE uint64_t get_pair(struct interp *interp, unsigned bytes)
{
    if (bytes == 1)
        return get_register(interp, GPR_EAX, 2);
    return (uint64_t)get_register(interp, GPR_EDX, bytes) << 8 * bytes | get_register(interp, GPR_EAX, bytes);
}

static ALWAYS_INLINE void set_pair(struct interp *interp, uint32_t low, uint32_t high, unsigned bytes)
{
    if (bytes == 1) {
        set_register(interp, GPR_EAX, 2, (low & 0xFF) | high << 8);
        return;
    }
    set_register(interp, GPR_EAX, bytes, low);
    set_register(interp, GPR_EDX, bytes, high);
}

/* CF = OF = the product does not fit its lower half; the others are undefined: those of the lower half. */
static ALWAYS_INLINE void flags_of_product(struct interp *interp, uint32_t low, bool is_wide, unsigned bytes)
{
    flags_set_result(interp, low, bytes);
    interp->flag_carries = 0;
    flags_set_carry_overflow(interp, is_wide, is_wide);
}

static ALWAYS_INLINE bool mul_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *operand = read_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    uint64_t product = (uint64_t)get_register(interp, GPR_EAX, bytes) * load(operand, bytes);
    uint32_t high = (uint32_t)(product >> 8 * bytes);
    set_pair(interp, (uint32_t)product, high, bytes);
    flags_of_product(interp, (uint32_t)product, high != 0, bytes);
    return true;
}
FOR_SIZES(mul_rm)

static ALWAYS_INLINE int64_t product_of(uint32_t a, uint32_t b, unsigned bytes)
{
    return sign_extend(a, bytes) * sign_extend(b, bytes);
}

static ALWAYS_INLINE bool imul_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *operand = read_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    int64_t product = product_of(get_register(interp, GPR_EAX, bytes), load(operand, bytes), bytes);
    set_pair(interp, (uint32_t)product, (uint32_t)((uint64_t)product >> 8 * bytes), bytes);
    flags_of_product(interp, (uint32_t)product, product != sign_extend((uint32_t)product, bytes), bytes);
    return true;
}
FOR_SIZES(imul_rm)

static ALWAYS_INLINE bool imul_to_register(struct interp *interp, const struct instruction *insn, uint32_t factor,
                                           unsigned bytes)
{
    const void *operand = read_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    int64_t product = product_of(factor, load(operand, bytes), bytes);
    set_register(interp, insn->reg, bytes, (uint32_t)product);
    flags_of_product(interp, (uint32_t)product, product != sign_extend((uint32_t)product, bytes), bytes);
    return true;
}

static ALWAYS_INLINE bool imul_reg_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return imul_to_register(interp, insn, get_register(interp, insn->reg, bytes), bytes);
}
FOR_WORDS(imul_reg_rm)

static ALWAYS_INLINE bool imul_reg_rm_imm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return imul_to_register(interp, insn, insn->immediate, bytes);
}
FOR_WORDS(imul_reg_rm_imm)

/* #DE: by zero, or a quotient that does not fit. All flags are undefined, and stay. */
static ALWAYS_INLINE bool div_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *operand = read_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    uint64_t dividend = get_pair(interp, bytes);
    uint32_t divisor = load(operand, bytes);
    if (divisor == 0 || dividend / divisor >> 8 * bytes != 0)
        return fault(interp, EXC_DE);
    set_pair(interp, (uint32_t)(dividend / divisor), (uint32_t)(dividend % divisor), bytes);
    return true;
}
FOR_SIZES(div_rm)

static ALWAYS_INLINE bool idiv_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    const void *operand = read_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    uint64_t pair = get_pair(interp, bytes);
    int64_t dividend = bytes == 4 ? (int64_t)pair : sign_extend((uint32_t)pair, 2 * bytes);
    int64_t divisor = sign_extend(load(operand, bytes), bytes);
    /* The second case overflows in C before it can be seen that it does not fit. */
    if (divisor == 0 || (divisor == -1 && dividend == INT64_MIN) ||
        dividend / divisor != sign_extend((uint32_t)(dividend / divisor), bytes))
        return fault(interp, EXC_DE);
    set_pair(interp, (uint32_t)(dividend / divisor), (uint32_t)(dividend % divisor), bytes);
    return true;
}
FOR_SIZES(idiv_rm)

handler_t muldiv_find(const struct instruction *insn)
{
    if (insn->map == MAP_TWO_BYTES)
        return BY_OPERAND(imul_reg_rm, insn);
    if (insn->opcode == 0x69 || insn->opcode == 0x6B)
        return BY_OPERAND(imul_reg_rm_imm, insn);
    switch (insn->reg) {
    case 4:
        return BY_OPCODE(mul_rm, insn);
    case 5:
        return BY_OPCODE(imul_rm, insn);
    case 6:
        return BY_OPCODE(div_rm, insn);
    default:
        return BY_OPCODE(idiv_rm, insn);
    }
}
