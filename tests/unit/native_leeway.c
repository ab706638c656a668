/*
 * native_leeway.c - see native_leeway.h.
 */
#include "native_leeway.h"

#include <string.h>

#include "cpu/x86.h"
#include "vpc/x86/fpu_operation.h"

static bool is_opcode(const struct native_case *test, unsigned map, uint8_t mask, uint8_t opcode)
{
    return test->insn.map == map && (test->insn.opcode & mask) == opcode;
}

/* PUSH and POP of a segment register by 32 bits. */
static bool is_wide_segment(const struct native_case *test)
{
    bool is_it = is_opcode(test, MAP_ONE_BYTE, 0xE6, 0x06) || is_opcode(test, MAP_TWO_BYTES, 0xF6, 0xA0);

    return is_it && test->insn.operand_bytes == 4;
}

bool native_wraps_frame(const struct native_case *test)
{
    bool is_small = !(native_segments[test->selectors[SEG_SS] >> 3].flags & 4);

    return is_opcode(test, MAP_ONE_BYTE, 0xFF, 0xC8) && is_small &&
           (test->gpr[GPR_ESP] & 0xFFFF) < test->insn.operand_bytes;
}

/* A comparison that was repeated and faults: SDM vol. 2 "REP" does not say of which turn the flags are. */
bool native_has_flags_left(const struct native_case *test, int vector)
{
    bool compares = is_opcode(test, MAP_ONE_BYTE, 0xFE, 0xA6) || is_opcode(test, MAP_ONE_BYTE, 0xFE, 0xAE);

    return compares && test->insn.repeat && vector >= 0;
}

static bool is_near_call(const struct native_case *test)
{
    return is_opcode(test, MAP_ONE_BYTE, 0xFF, 0xE8) ||
           (is_opcode(test, MAP_ONE_BYTE, 0xFF, 0xFF) && test->insn.reg == 2);
}

/* MOVUPS, MOVUPD, MOVDQU. */
static bool is_loose_move(const struct native_case *test)
{
    if (is_opcode(test, MAP_TWO_BYTES, 0xFE, 0x10))
        return !test->insn.repeat;
    return is_opcode(test, MAP_TWO_BYTES, 0xEF, 0x6F) && test->insn.repeat == PREFIX_REP;
}

/* Exceptions of x87 that are not masked. */
static bool has_unmasked(const struct native_case *test)
{
    return (test->fpu[FPU_CONTROL] & 0x3F) != 0x3F;
}

bool native_may_fault_otherwise(const struct native_case *test, int got, int want)
{
    bool is_cmps = is_opcode(test, MAP_ONE_BYTE, 0xFE, 0xA6), is_x87 = is_opcode(test, MAP_ONE_BYTE, 0xF8, 0xD8);
    bool is_bound = is_opcode(test, MAP_ONE_BYTE, 0xFF, 0x62);

    /* Which of two operands of CMPS faults first, which part of one of x87; BOUND may not look at its upper bound. */
    if ((is_cmps || is_x87 || is_bound) && got >= 0 && want >= 0)
        return true;
    /* A store of x87 that an exception keeps from its memory may not look at it. */
    if (is_x87 && has_unmasked(test) && want < 0)
        return true;
    /* Whether ARPL writes an RPL that stays, and whether MASKMOVQ looks at a byte that it does not write. */
    if (is_opcode(test, MAP_ONE_BYTE, 0xFF, 0x63) || is_opcode(test, MAP_TWO_BYTES, 0xFF, 0xF7))
        return got >= 0 || want >= 0;
    /* SDM vol. 2 "PUSH": recent processors push a word, so it need not be aligned, or have room, for more. */
    if (is_wide_segment(test))
        return got == EXC_AC || got == EXC_SS;
    /* CVTPI2PS of memory: AMD's use no MMX register for it, and report no exception of x87 that waits. */
    if (is_opcode(test, MAP_TWO_BYTES, 0xFF, 0x2A) && !test->insn.is_register && got == EXC_MF)
        return !test->insn.has_operand_prefix && (want < 0 || want == EXC_XM);
    /* SDM vol. 3 "Alignment Check Exception": for 16 bytes anywhere it is up to the processor. */
    return is_loose_move(test) && got == EXC_AC && want < 0;
}

/* Bytes of the stack from esp on, as far as they lie in the arena, become those of from, or NULL: zeroes. */
static void copy_stack(const struct native_case *test, uint32_t esp, unsigned bytes, uint8_t *to, const uint8_t *from)
{
    const struct native_segment *stack = &native_segments[test->selectors[SEG_SS] >> 3];
    uint32_t mask = stack->flags & 4 ? ~0u : 0xFFFFu;

    for (unsigned i = 0; i < bytes; i++) {
        uint32_t at = stack->base + ((esp + i) & mask) - NATIVE_ARENA;
        if (at < NATIVE_ARENA_BYTES)
            to[at] = from != NULL ? from[at] : 0;
    }
}

/* Of the stack, as copy_stack. */
static bool is_same_stack(const struct native_case *test, uint32_t esp, unsigned bytes, const uint8_t *one,
                          const uint8_t *other)
{
    uint8_t copy[NATIVE_ARENA_BYTES];

    memcpy(copy, one, sizeof(copy));
    copy_stack(test, esp, bytes, copy, other);
    return memcmp(copy, one, sizeof(copy)) == 0;
}

void native_settle_arena(const struct native_case *test, uint32_t esp, int vector, uint8_t *arena,
                         const uint8_t *before)
{
    unsigned bytes = test->insn.operand_bytes;
    bool pushes_wide = is_wide_segment(test) && !(test->insn.opcode & 1);

    /* Of a segment register that is pushed by 32 bits the upper half is zero, or what was there: SDM vol. 2 "PUSH". */
    if (pushes_wide && vector < 0 && is_same_stack(test, esp + 2, 2, arena, before))
        copy_stack(test, esp + 2, 2, arena, NULL);
    /* CALL to behind the limit: some have pushed where it came from already. ESP shows nothing of it. */
    if (is_near_call(test) && vector >= 0)
        copy_stack(test, esp - bytes, bytes, arena, before);
}

static const uint8_t *physical_register(const uint8_t *image, unsigned number)
{
    unsigned top = image[FPU_STATUS + 1] >> 3 & 7;

    return image + 32 + 16 * ((number - top) & 7);
}

bool native_is_same_x87(const struct native_case *test, int vector, const uint8_t *one, const uint8_t *other)
{
    /* Who faults may have begun to use the MMX registers: TOP and the tags are zero then, the registers as before. */
    bool may_begin = test->insn.map == MAP_TWO_BYTES && vector >= 0;

    for (unsigned i = 0; i < 8; i++) {
        if (memcmp(physical_register(one, i), physical_register(other, i), 10) != 0)
            return false;
    }
    if (!may_begin)
        return memcmp(one, other, FPU_OPCODE) == 0;
    return memcmp(one, other, FPU_STATUS) == 0 && one[FPU_STATUS] == other[FPU_STATUS] &&
           ((one[FPU_STATUS + 1] ^ other[FPU_STATUS + 1]) & ~0x38) == 0;
}
