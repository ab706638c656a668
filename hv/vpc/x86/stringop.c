/*
 * stringop.c - string instructions in memory (PURE). SDM vol. 2 "MOVS", "CMPS", "STOS", "LODS", "SCAS".
 *
 * A round does one element, or as many as lie in one page for both operands and can be done by one memcpy or memset.
 * Registers are right after each round, so that a fault in the middle of a REP leaves the instruction to be gone on
 * with, as on a processor: SDM vol. 2 "REP/REPE/REPZ/REPNE/REPNZ".
 */
#include "base/string.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"
#include "vpc/x86/strings.h"

#define OVERLAPPING_MAX 64u     /* elements of a round that are copied one by one */

/* One after the other where each begins before the last one's end is behind it: not so many in a round. */
static ALWAYS_INLINE uint32_t copy_close(uint8_t *to, const uint8_t *from, uint32_t count, unsigned bytes)
{
    if (count > OVERLAPPING_MAX)
        count = OVERLAPPING_MAX;
    for (uint32_t i = 0; i < count; i++)
        store(to + i * bytes, bytes, load(from + i * bytes, bytes));
    return count;
}

/*
 * What lies between from and to comes again and again: each copy is as long as all that is there already, which is a
 * whole number of times.
 */
static void copy_repeating(uint8_t *to, const uint8_t *from, uint32_t length)
{
    uint32_t there = (uint32_t)(to - from);

    for (uint32_t at = 0, part; at < length; at += part, there += part) {
        part = there < length - at ? there : length - at;
        memcpy(to + at, from, part);
    }
}

/* Upwards, one after the other. How many were done. */
static ALWAYS_INLINE uint32_t copy_elements(uint8_t *to, const uint8_t *from, uint32_t count, unsigned bytes)
{
    if (to > from && to < from + bytes)
        return copy_close(to, from, count, bytes);
    if (to > from && to < from + count * bytes)
        copy_repeating(to, from, count * bytes);
    else
        memmove(to, from, count * bytes);
    return count;
}

/* A round gives how many elements it did; 0 after a fault. */
static ALWAYS_INLINE uint32_t movs_round(struct interp *interp, const struct instruction *insn, uint32_t max,
                                         unsigned bytes)
{
    uint32_t from_offset = string_get(interp, insn, GPR_ESI), to_offset = string_get(interp, insn, GPR_EDI);
    const void *from = read_at(interp, insn->segment, from_offset, bytes);
    uint32_t count = 1;

    if (from == NULL)
        return 0;
    uint32_t value = load(from, bytes);
    bool is_direct = from != interp->bounce.bytes;
    void *to = write_at(interp, SEG_ES, to_offset, bytes);
    if (to == NULL)
        return 0;
    if (max > 1 && is_direct && to != interp->bounce.bytes) {
        count = string_in_page(interp, insn, insn->segment, from_offset, false, max, bytes);
        count = string_in_page(interp, insn, SEG_ES, to_offset, true, count, bytes);
    }
    if (count > 1)
        count = copy_elements(to, from, count, bytes);
    else
        store(to, bytes, value);
    finish(interp, to);
    string_advance(interp, insn, GPR_ESI, count, bytes);
    string_advance(interp, insn, GPR_EDI, count, bytes);
    return count;
}

static ALWAYS_INLINE void fill_elements(uint8_t *to, uint32_t value, uint32_t count, unsigned bytes)
{
    uint32_t pattern = (value & 0xFF) * 0x01010101u;

    if (bytes == 1 || (bytes == 2 && (uint16_t)value == (uint16_t)pattern) || (bytes == 4 && value == pattern)) {
        memset(to, (int)(value & 0xFF), count * bytes);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        store(to + i * bytes, bytes, value);
}

static ALWAYS_INLINE uint32_t stos_round(struct interp *interp, const struct instruction *insn, uint32_t max,
                                         unsigned bytes)
{
    uint32_t offset = string_get(interp, insn, GPR_EDI), count = 1;
    void *to = write_at(interp, SEG_ES, offset, bytes);

    if (to == NULL)
        return 0;
    if (max > 1 && to != interp->bounce.bytes)
        count = string_in_page(interp, insn, SEG_ES, offset, true, max, bytes);
    fill_elements(to, interp->cpu.gpr[GPR_EAX], count, bytes);
    finish(interp, to);
    string_advance(interp, insn, GPR_EDI, count, bytes);
    return count;
}

static ALWAYS_INLINE uint32_t lods_round(struct interp *interp, const struct instruction *insn, uint32_t max,
                                         unsigned bytes)
{
    const void *from = read_at(interp, insn->segment, string_get(interp, insn, GPR_ESI), bytes);

    (void)max;
    if (from == NULL)
        return 0;
    set_register(interp, GPR_EAX, bytes, load(from, bytes));
    string_advance(interp, insn, GPR_ESI, 1, bytes);
    return 1;
}

/* Of two operands that both fault, ES:EDI does, as on processors. */
static ALWAYS_INLINE uint32_t cmps_round(struct interp *interp, const struct instruction *insn, uint32_t max,
                                         unsigned bytes)
{
    const void *right = read_at(interp, SEG_ES, string_get(interp, insn, GPR_EDI), bytes);

    (void)max;
    if (right == NULL)
        return 0;
    uint32_t value = load(right, bytes);
    const void *left = read_at(interp, insn->segment, string_get(interp, insn, GPR_ESI), bytes);
    if (left == NULL)
        return 0;
    subtract_with_flags(interp, load(left, bytes), value, 0, bytes);
    string_advance(interp, insn, GPR_ESI, 1, bytes);
    string_advance(interp, insn, GPR_EDI, 1, bytes);
    return 1;
}

static ALWAYS_INLINE uint32_t scas_round(struct interp *interp, const struct instruction *insn, uint32_t max,
                                         unsigned bytes)
{
    const void *right = read_at(interp, SEG_ES, string_get(interp, insn, GPR_EDI), bytes);

    (void)max;
    if (right == NULL)
        return 0;
    subtract_with_flags(interp, get_register(interp, GPR_EAX, bytes), load(right, bytes), 0, bytes);
    string_advance(interp, insn, GPR_EDI, 1, bytes);
    return 1;
}

typedef uint32_t (*round_t)(struct interp *interp, const struct instruction *insn, uint32_t max, unsigned bytes);

/* compares: F3 goes on while ZF is 1, F2 while it is 0. */
static ALWAYS_INLINE bool repeat(struct interp *interp, const struct instruction *insn, round_t round, bool compares,
                                 unsigned bytes)
{
    uint32_t left = string_turn(interp, insn, bytes), done;

    string_note_turn(interp, left * bytes);
    for (unsigned rounds = 0; left > 0 && rounds < STRING_TURN_ROUNDS; left -= done, rounds++) {
        done = round(interp, insn, left, bytes);
        if (done == 0)
            return false;
        string_count(interp, insn, done);
        if (compares && insn->repeat && flag_zf(interp) != (insn->repeat == PREFIX_REP))
            return true;
    }
    return string_end_turn(interp, insn);
}

#define STRING_OPERATION(name, compares)                                                                    \
    static ALWAYS_INLINE bool name(struct interp *interp, const struct instruction *insn, unsigned bytes)   \
    {                                                                                                       \
        return repeat(interp, insn, name##_round, compares, bytes);                                         \
    }                                                                                                       \
    FOR_SIZES(name)
STRING_OPERATION(movs, false)
STRING_OPERATION(cmps, true)
STRING_OPERATION(stos, false)
STRING_OPERATION(lods, false)
STRING_OPERATION(scas, true)

handler_t stringop_find(const struct instruction *insn)
{
    switch (insn->opcode & 0xFE) {
    case 0xA4:
        return BY_OPCODE(movs, insn);
    case 0xA6:
        return BY_OPCODE(cmps, insn);
    case 0xAA:
        return BY_OPCODE(stos, insn);
    case 0xAC:
        return BY_OPCODE(lods, insn);
    default:
        return BY_OPCODE(scas, insn);
    }
}
