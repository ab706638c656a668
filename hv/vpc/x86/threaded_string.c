/*
 * threaded_string.c - steps of short REP MOVS and REP STOS (PURE): threaded.h. Compilers copy and clear structures so.
 *
 * Plain is: upwards, both operands in one page of RAM each that was translated, apart from each other, and so short
 * that nobody need count it as long work (strings.h). All elements are moved at once, and nothing can come in between.
 */
#include "base/words.h"
#include "vpc/x86/strings.h"
#include "vpc/x86/threaded.h"

#define SHORT_MIN 8u                    /* as much is moved at a time */
#define SHORT_MAX (STRING_LONG_BYTES - 1)

/* The bytes of all elements; 0: not so many that this is for, or downwards. */
static ALWAYS_INLINE uint32_t short_bytes(const struct interp *interp, unsigned bytes)
{
    uint32_t count = interp->cpu.gpr[GPR_ECX], all = count * bytes;

    /* The count is compared first, as the product may have lost its upper bits. */
    if (count > SHORT_MAX / bytes || all < SHORT_MIN || interp->cpu.eflags & EFLAGS_DF)
        return 0;
    return all;
}

#define STRING_STEPS(bytes, pattern)                                                                        \
    STEP(rep_movs_##bytes)                                                                                  \
    {                                                                                                       \
        uint32_t *gpr = interp->cpu.gpr, all = short_bytes(interp, bytes);                                  \
        const uint8_t *from = plain_at(interp, memo->insn.segment, gpr[GPR_ESI], all, false);               \
        uint8_t *to = plain_at(interp, SEG_ES, gpr[GPR_EDI], all, true);                                    \
        if (all == 0 || from == NULL || to == NULL || (uintptr_t)(to - from + all) < 2 * all)               \
            GENERALLY();                                                                                    \
        gpr[GPR_ESI] += all;                                                                                \
        gpr[GPR_EDI] += all;                                                                                \
        gpr[GPR_ECX] = 0;                                                                                   \
        words_copy(to, from, all);                                                                          \
        NEXT();                                                                                             \
    }                                                                                                       \
    STEP(rep_stos_##bytes)                                                                                  \
    {                                                                                                       \
        uint32_t *gpr = interp->cpu.gpr, all = short_bytes(interp, bytes);                                  \
        uint8_t *to = plain_at(interp, SEG_ES, gpr[GPR_EDI], all, true);                                    \
        if (all == 0 || to == NULL)                                                                         \
            GENERALLY();                                                                                    \
        gpr[GPR_EDI] += all;                                                                                \
        gpr[GPR_ECX] = 0;                                                                                   \
        words_fill(to, pattern, all);                                                                       \
        NEXT();                                                                                             \
    }
STRING_STEPS(1, (gpr[GPR_EAX] & 0xFF) * 0x0101010101010101ull)
STRING_STEPS(4, gpr[GPR_EAX] * 0x0000000100000001ull)

step_t threaded_string_find(const struct instruction *insn)
{
    if (insn->map != MAP_ONE_BYTE)
        return NULL;
    switch (insn->opcode) {
    case 0xA4:
        return step_rep_movs_1;
    case 0xA5:
        return step_rep_movs_4;
    case 0xAA:
        return step_rep_stos_1;
    case 0xAB:
        return step_rep_stos_4;
    default:
        return NULL;
    }
}
