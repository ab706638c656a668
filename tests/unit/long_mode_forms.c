/*
 * long_mode_forms.c - see long_mode_forms.h.
 *
 * What is left out means something else in 64-bit code, or nothing: PUSH, POP, CALL, RET, ENTER, LEAVE, PUSHF (of 64
 * bits there), INC and DEC of one byte (prefixes), BCD, BOUND, ARPL, LDS, LES, all on segments; FS and GS; an address
 * without base or index but by SIB (it is relative to RIP). Or is not the test's to do: ports, IF, control registers.
 */
#include "long_mode_forms.h"

#include <string.h>

#include "long_mode_layout.h"
#include "native_case.h"
#include "random.h"
#include "vpc/x86/operations.h"
#include "vpc/x86/vcpu.h"

#define MARGIN 128u             /* FRSTOR takes 108 bytes, the longest */
#define LINE 64u
#define COUNT_MOST 300u

void long_mode_seed(uint32_t seed)
{
    random_state = seed;
}

static bool one_in(unsigned count)
{
    return random_below(count) == 0;
}

uint32_t long_mode_value(void)
{
    static const uint32_t edges[] = { 0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000,
                                      UINT32_MAX };

    if (one_in(3))
        return LONG_ARENA + random_below(LONG_ARENA_BYTES);
    return one_in(2) ? random_u32() : edges[random_below(sizeof(edges) / sizeof(edges[0]))];
}

static bool is_short_jump(const struct instruction *insn)
{
    return insn->map == MAP_ONE_BYTE && ((insn->opcode >> 4) == 7 || (insn->opcode & 0xFC) == 0xE0 ||
                                         insn->opcode == 0xEB);
}

static bool is_long_jump(const struct instruction *insn)
{
    return insn->map == MAP_ONE_BYTE ? insn->opcode == 0xE9 : (insn->opcode >> 4) == 8;
}

static bool is_same_one_byte(const struct instruction *insn)
{
    uint8_t opcode = insn->opcode;

    if (opcode < 0x40)
        return (opcode & 7) < 6;
    if (opcode < 0x70)
        return opcode == 0x69 || opcode == 0x6B;
    switch (opcode) {
    case 0x82: case 0x8C: case 0x8E: case 0x8F: case 0x9A: case 0x9C: case 0x9D:
    case 0xC2: case 0xC3: case 0xC4: case 0xC5: case 0xD4: case 0xD5: case 0xD6:
        return false;
    case 0xC8: case 0xC9: case 0xCA: case 0xCB: case 0xCC: case 0xCD: case 0xCE: case 0xCF:
    case 0xE4: case 0xE5: case 0xE6: case 0xE7: case 0xE8: case 0xEA: case 0xEC: case 0xED: case 0xEE: case 0xEF:
    case 0xF1: case 0xF4: case 0xFA: case 0xFB:
        return false;
    case 0xD9: case 0xDD:
        return insn->is_register || insn->reg != 6;         /* they store where the unit thinks it was */
    case 0xFF:
        return insn->reg < 2;
    default:
        return true;
    }
}

static bool is_same_two_byte(const struct instruction *insn)
{
    uint8_t opcode = insn->opcode;

    if (opcode < 0x10 || (opcode >= 0x19 && opcode <= 0x27 && opcode != 0x1F) || (opcode >= 0x30 && opcode < 0x40))
        return false;
    switch (opcode) {
    case 0xA0: case 0xA1: case 0xA2: case 0xA8: case 0xA9: case 0xAA: case 0xB2: case 0xB4: case 0xB5:
        return false;
    case 0xAE:
        return !insn->has_operand_prefix && (insn->is_register || insn->reg >= 2);      /* FXSAVE is as FSTENV */
    default:
        return true;
    }
}

/* Repeating what is no string is undefined: SDM vol. 2 "Instruction Prefixes"; so is a jump by 16 bits. */
static bool is_same(const uint8_t *bytes, const struct instruction *insn)
{
    bool is_relative = (insn->modrm & 0xC7) == 0x05 && !insn->is_register && insn->base == GPR_NONE;
    bool repeats_nothing = insn->repeat && !native_case_is_string(insn) && !native_case_is_sse(insn);
    bool jumps = is_short_jump(insn) || is_long_jump(insn);

    if (insn->segment == SEG_CS || repeats_nothing ||
        is_relative || (jumps && insn->has_operand_prefix) || insn->address_mask != UINT32_MAX ||
        insn->length >= INSTRUCTION_MAX_BYTES)
        return false;
    /* A prefix for FS or GS counts there even where another one stands behind it. */
    for (unsigned i = 0; i < insn->opcode_at; i++)
        if (bytes[i] == 0x64 || bytes[i] == 0x65)
            return false;
    return insn->map == MAP_ONE_BYTE ? is_same_one_byte(insn) : is_same_two_byte(insn);
}

/* Results that the manual leaves undefined. */
static bool is_undefined(const struct instruction *insn, const uint32_t *gpr)
{
    if (insn->map == MAP_ONE_BYTE || insn->operand_bytes != 2)
        return false;
    unsigned count = insn->opcode & 1 ? gpr[GPR_ECX] : insn->immediate;
    bool is_double_shift = (insn->opcode & 0xF6) == 0xA4;
    return (insn->opcode & 0xF8) == 0xC8 || (is_double_shift && (count & 31) > 16);
}

static unsigned put_prefixes(uint8_t *bytes)
{
    static const uint8_t segments[] = { 0x26, 0x36, 0x3E };
    unsigned at = 0;

    if (one_in(4))
        bytes[at++] = 0x66;
    if (one_in(16))
        bytes[at++] = segments[random_below(sizeof(segments))];
    if (one_in(24))
        bytes[at++] = 0xF0;
    if (one_in(8))
        bytes[at++] = one_in(2) ? 0xF2 : 0xF3;
    return at;
}

static bool decode(const uint8_t *bytes, struct instruction *insn)
{
    return instruction_decode(bytes, INSTRUCTION_MAX_BYTES, true, insn) == INSTRUCTION_GOOD &&
           dispatch_find(insn) != op_undefined;
}

/* Random bytes, until they are an instruction that is there and means the same. A jump leads a little ahead. */
static void make_bytes(uint8_t *bytes, struct instruction *insn)
{
    for (;;) {
        unsigned at = put_prefixes(bytes);
        if (one_in(3))
            bytes[at++] = 0x0F;
        else if (one_in(24))
            bytes[at++] = (uint8_t)(0xA4 + random_below(12));       /* mostly strings */
        while (at < INSTRUCTION_MAX_BYTES)
            bytes[at++] = (uint8_t)random_u32();
        if (decode(bytes, insn) && is_same(bytes, insn))
            break;
    }
    unsigned field = is_short_jump(insn) ? 1 : is_long_jump(insn) ? 4 : 0;
    memset(bytes + insn->length - field, 0, field);
    if (field != 0) {
        bytes[insn->length - field] = (uint8_t)random_below(LONG_GAP);
        (void)decode(bytes, insn);
    }
}

static bool is_opcode(const struct instruction *insn, unsigned map, uint8_t mask, uint8_t opcode)
{
    return insn->map == map && (insn->opcode & mask) == opcode;
}

bool long_mode_is_fpu(const struct instruction *insn)
{
    return is_opcode(insn, MAP_ONE_BYTE, 0xF8, 0xD8) || native_case_is_sse(insn) ||
           is_opcode(insn, MAP_TWO_BYTES, 0xFF, 0xAE);
}

bool long_mode_is_last(const struct instruction *insn)
{
    return is_opcode(insn, MAP_TWO_BYTES, 0xFF, 0xAE) && !insn->is_register && insn->reg == 2;      /* LDMXCSR */
}

/* ModR/M names memory. An instruction without ModR/M has neither base nor index, and 0 for it. */
static bool has_memory(const struct instruction *insn)
{
    return !insn->is_register && (insn->base != GPR_NONE || insn->index != GPR_NONE || (insn->modrm & 0xC7) == 0x04);
}

/* BT and the like with a register: how far from the named operand the one with the bit is. */
static uint32_t bit_distance(const struct instruction *insn, const uint32_t *gpr)
{
    if (!is_opcode(insn, MAP_TWO_BYTES, 0xE7, 0xA3))
        return 0;
    uint32_t number = gpr[insn->reg];
    return insn->operand_bytes == 4 ? (uint32_t)((int32_t)number >> 5) * 4 : (uint32_t)((int16_t)number >> 4) * 2;
}

/* Where the operand is. */
static uint32_t effective(const struct instruction *insn, const uint32_t *gpr)
{
    uint32_t base = insn->base == GPR_NONE ? 0 : gpr[insn->base];
    uint32_t index = insn->index == GPR_NONE ? 0 : gpr[insn->index];

    return base + (index << insn->scale) + insn->displacement + bit_distance(insn, gpr);
}

/* Anywhere in the arena, in one of four across its pages or nearly. */
static uint32_t random_address(void)
{
    if (one_in(4))
        return LONG_ARENA + LONG_ARENA_BYTES / 2 - random_below(24);
    return LONG_ARENA + random_below(LONG_ARENA_BYTES - MARGIN);
}

/* There are systems that punish a locked access to two lines of the cache: these stay in one. */
static bool is_locked(const struct instruction *insn)
{
    return insn->is_locked || is_opcode(insn, MAP_ONE_BYTE, 0xFE, 0x86);
}

static bool is_in_arena(uint64_t first, uint64_t bytes)
{
    return bytes <= LONG_ARENA_BYTES && first - LONG_ARENA <= LONG_ARENA_BYTES - bytes;
}

/* By the displacement where it has four bytes, else, if it may be, by the base, that the operand comes near wanted. */
static void steer_operand(uint8_t *bytes, struct instruction *insn, uint32_t *gpr, uint32_t wanted, bool steers)
{
    uint32_t rest = wanted - effective(insn, gpr) + insn->displacement;
    unsigned at = insn->opcode_at + 2u + ((insn->modrm & 7) == 4);

    if ((insn->modrm & 0xC0) == 0x80 || insn->base == GPR_NONE) {
        memcpy(bytes + at, &rest, 4);
        (void)decode(bytes, insn);
    } else if (steers && insn->base == insn->index) {
        gpr[insn->base] = (wanted - insn->displacement) / (1 + (1u << insn->scale));
    } else if (steers) {
        gpr[insn->base] += wanted - effective(insn, gpr);
    }
}

static bool reach_operand(uint8_t *bytes, struct instruction *insn, uint32_t *gpr, bool steers)
{
    uint32_t wanted = random_address();

    if (native_case_is_sse(insn) && one_in(2))
        wanted &= ~15u;
    steer_operand(bytes, insn, gpr, wanted, steers);
    uint32_t at = effective(insn, gpr);
    return is_in_arena(at, MARGIN) && (!is_locked(insn) || at % LINE <= LINE - 8);
}

static bool reach_offset(uint8_t *bytes, struct instruction *insn)
{
    uint32_t wanted = random_address();

    memcpy(bytes + insn->opcode_at + 1, &wanted, 4);
    return decode(bytes, insn);
}

static bool is_string_in_arena(uint32_t at, uint64_t count, unsigned bytes, bool is_down)
{
    uint64_t before = is_down && count > 0 ? (count - 1) * bytes : 0;

    return is_in_arena(at - before, count * bytes + bytes);
}

/* Often the two overlap. */
static bool reach_string(const struct instruction *insn, uint32_t *gpr, bool is_down, bool steers)
{
    unsigned bytes = insn->opcode & 1 ? insn->operand_bytes : 1, row = insn->opcode & 0x0E;
    bool has_source = row < 8 || row == 12, has_target = row != 12;

    if (steers) {
        gpr[GPR_ESI] = random_address();
        gpr[GPR_EDI] = one_in(2) ? gpr[GPR_ESI] + random_below(64) - 32 : random_address();
        gpr[GPR_ECX] = random_below(one_in(4) ? COUNT_MOST : 24);
    }
    uint64_t count = insn->repeat ? gpr[GPR_ECX] : 1;
    return count <= COUNT_MOST && (!has_source || is_string_in_arena(gpr[GPR_ESI], count, bytes, is_down)) &&
           (!has_target || is_string_in_arena(gpr[GPR_EDI], count, bytes, is_down));
}

/* All that it reads and writes is in the arena. */
static bool reach(uint8_t *bytes, struct instruction *insn, uint32_t *gpr, bool is_down, bool steers)
{
    bool is_xlat = is_opcode(insn, MAP_ONE_BYTE, 0xFF, 0xD7), is_mask_move = is_opcode(insn, MAP_TWO_BYTES, 0xFF, 0xF7);

    if (native_case_is_string(insn))
        return reach_string(insn, gpr, is_down, steers);
    if (is_opcode(insn, MAP_ONE_BYTE, 0xFC, 0xA0))
        return reach_offset(bytes, insn);
    if (is_xlat && steers)
        gpr[GPR_EBX] = random_address();
    if (is_mask_move && steers)
        gpr[GPR_EDI] = random_address();
    if (is_xlat)
        return is_in_arena((uint64_t)gpr[GPR_EBX] + (gpr[GPR_EAX] & 0xFF), 1);
    if (is_mask_move)
        return is_in_arena(gpr[GPR_EDI], 16);
    return !has_memory(insn) || reach_operand(bytes, insn, gpr, steers);
}

/* DIV and IDIV: most quotients fit. */
static void prepare_registers(const struct instruction *insn, uint32_t *gpr)
{
    if (!is_opcode(insn, MAP_ONE_BYTE, 0xFE, 0xF6) || insn->reg < 6 || one_in(4))
        return;
    gpr[GPR_EDX] = one_in(2) ? random_below(4) : (uint32_t)((int32_t)gpr[GPR_EAX] >> 31);
    if (!(insn->opcode & 1))
        gpr[GPR_EAX] &= 0x1FF;
}

/* Stretches of one byte, which EAX has too, but for some: comparisons go on and end there. */
static void prepare_string(uint32_t *gpr, uint8_t *arena)
{
    uint8_t value = (uint8_t)random_u32();
    const unsigned registers[] = { GPR_ESI, GPR_EDI };

    gpr[GPR_EAX] = value * 0x01010101u;
    for (unsigned i = 0; i < 2; i++) {
        uint32_t at = gpr[registers[i]] - LONG_ARENA, bytes = random_below(4 * COUNT_MOST);
        if (at < LONG_ARENA_BYTES - 4 * COUNT_MOST)
            memset(arena + at, value, bytes);
        else if (at < LONG_ARENA_BYTES)
            memset(arena + at - bytes, value, bytes + 4);
    }
    if (one_in(2))
        arena[random_below(LONG_ARENA_BYTES)] ^= 1;
}

/* Values in memory that must not be just anything. */
static void prepare_memory(const struct instruction *insn, uint32_t *gpr, uint8_t *arena)
{
    bool is_cmpxchg = is_opcode(insn, MAP_TWO_BYTES, 0xFE, 0xB0) || is_opcode(insn, MAP_TWO_BYTES, 0xFF, 0xC7);

    if (native_case_is_string(insn)) {
        if (one_in(2))
            prepare_string(gpr, arena);
        return;
    }
    if (!has_memory(insn))
        return;
    uint8_t *at = arena + (effective(insn, gpr) - LONG_ARENA);
    if (is_cmpxchg && one_in(2)) {
        memcpy(at, &gpr[GPR_EAX], 4);
        memcpy(at + 4, &gpr[GPR_EDX], 4);
    }
    if (long_mode_is_last(insn)) {
        uint32_t mxcsr = random_u32() & (one_in(8) ? ~0x20000u : 0xFFFFu);      /* AMD has one bit more */
        memcpy(at, &mxcsr, 4);
    }
}

void long_mode_choose(uint8_t *bytes, struct instruction *insn, uint32_t *gpr, bool is_down, bool steers,
                      uint8_t *arena)
{
    for (;;) {
        make_bytes(bytes, insn);
        if (!steers && long_mode_is_last(insn))
            continue;
        if (steers)
            prepare_registers(insn, gpr);
        if (reach(bytes, insn, gpr, is_down, steers) && !is_undefined(insn, gpr))
            break;
    }
    if (steers)
        prepare_memory(insn, gpr, arena);
}
