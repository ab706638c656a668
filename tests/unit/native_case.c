/*
 * native_case.c - random instructions that both processors can execute, from random states.
 */
#include "native_case.h"

#include <stddef.h>
#include <string.h>

#include "cpu/x86.h"
#include "random.h"
#include "vpc/x86/undefined_flags.h"
#include "vpc/x86/fpu_operation.h"
#include "vpc/x86/vcpu.h"

const struct native_segment native_segments[LDT_COUNT] = {
    [LDT_CODE32] = { NATIVE_CODE, 0xFFF, 0xFB, 4, 0, 0x1000 },
    [LDT_CODE16] = { NATIVE_CODE, 0xFFF, 0xFB, 0, 0, 0x1000 },
    [LDT_DATA32] = { NATIVE_ARENA, 0xFFF, 0xF3, 4, 0, 0x1000 },
    [LDT_DATA16] = { NATIVE_ARENA, 0xFFF, 0xF3, 0, 0, 0x1000 },
    [LDT_SHIFTED] = { NATIVE_ARENA + 0x1F3, 0xE0C, 0xF3, 4, 0, 0xE0D },
    [LDT_SHORT] = { NATIVE_ARENA + 0x100, 0x7F, 0xF3, 4, 0, 0x80 },
    [LDT_READ_ONLY] = { NATIVE_ARENA, 0xFFF, 0xF1, 4, 0, 0x1000 },
    [LDT_DOWN16] = { NATIVE_ARENA - 0xF000, 0xEFFF, 0xF7, 0, 0xF000, 0x1000 },
    [LDT_DOWN32] = { NATIVE_ARENA + 0x1000, 0xFFFFE, 0xF7, 0xC, 0xFFFFF000, 0x1000 },
    [LDT_ABSENT] = { NATIVE_ARENA, 0xFFF, 0x73, 4, 0, 0x1000 },
    [LDT_EXECUTE_ONLY] = { NATIVE_CODE, 0xFFF, 0xF9, 4, 0, 0x1000 },
    [LDT_CONFORMING] = { NATIVE_CODE, 0xFFF, 0x7F, 4, 0, 0x1000 },      /* Linux gives out none that is present */
};

void native_case_seed(uint32_t seed)
{
    random_state = seed;
}

static bool one_in(unsigned count)
{
    return random_below(count) == 0;
}

/* Anything; often a value at which something happens. */
static uint32_t random_value(void)
{
    static const uint32_t edges[] = { 0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, ~0u };

    if (one_in(3))
        return edges[random_below(sizeof(edges) / sizeof(edges[0]))] + random_below(3) - 1;
    return one_in(4) ? random_u32() & 0xFF : random_u32() ^ random_u32() << 7;
}

static uint16_t random_selector(void)
{
    if (one_in(6))
        return (uint16_t)random_below(4);
    uint16_t selector = ldt_selector(random_below(LDT_COUNT + 1));
    return one_in(4) ? (uint16_t)(selector & ~random_below(4)) : selector;
}

/* What a test process cannot have on its own: segments it lives by, system calls, what Linux answers in its own way. */
static bool is_left_out_one_byte(const struct instruction *insn)
{
    switch (insn->opcode) {
    case 0x1F: case 0xC5:                                   /* DS is what finds the way back */
    case 0x9A: case 0xEA: case 0xCA: case 0xCB: case 0xCF:  /* to segments: the tables of test_interp_gates.c */
    case 0xCD: case 0xF1:
        return true;
    case 0xD9: case 0xDD:
        return !insn->is_register && insn->reg == 6;        /* they store where the unit thinks it was */
    case 0x8E:
        return insn->reg == SEG_DS || insn->reg == SEG_FS;
    case 0xFF:
        return insn->reg == 3 || insn->reg == 5;
    default:
        return false;
    }
}

bool native_case_is_string(const struct instruction *insn)
{
    uint8_t opcode = insn->opcode;

    return insn->map == MAP_ONE_BYTE && ((opcode >= 0xA4 && opcode <= 0xA7) || (opcode >= 0xAA && opcode <= 0xAF) ||
                                         (opcode >= 0x6C && opcode <= 0x6F));
}

bool native_case_is_sse(const struct instruction *insn)
{
    uint8_t row = insn->opcode >> 4;

    return insn->map == MAP_TWO_BYTES && (row == 1 || row == 2 || (row >= 5 && row <= 7) || row >= 0xC);
}

/* Repeating what is no string is undefined: SDM vol. 2 "Instruction Prefixes". */
static bool is_left_out(const struct instruction *insn)
{
    if (insn->segment == SEG_FS || (insn->repeat && !native_case_is_string(insn) && !native_case_is_sse(insn)))
        return true;
    if (insn->map == MAP_ONE_BYTE)
        return is_left_out_one_byte(insn);
    switch (insn->opcode) {
    case 0x00:
        return insn->reg < 2;                               /* UMIP */
    case 0x01:
        return insn->reg < 2 || insn->reg == 4;
    case 0x31: case 0x33: case 0xA2:                        /* each processor's own */
    case 0xA1: case 0xB4:
        return true;
    case 0xAE:
        return !insn->is_register && insn->reg < 2;         /* like FSTENV */
    default:
        return false;
    }
}

static unsigned put_prefixes(uint8_t *bytes)
{
    static const uint8_t segments[] = { 0x26, 0x2E, 0x36, 0x3E, 0x65 };
    unsigned at = 0;

    if (one_in(4))
        bytes[at++] = 0x66;
    if (one_in(8))
        bytes[at++] = 0x67;
    if (one_in(8))
        bytes[at++] = segments[random_below(sizeof(segments))];
    if (one_in(24))
        bytes[at++] = 0xF0;
    if (one_in(8))
        bytes[at++] = one_in(2) ? 0xF2 : 0xF3;
    return at;
}

/* Random bytes, until they are an instruction that is there. */
static void make_bytes(struct native_case *test)
{
    for (;;) {
        unsigned at = put_prefixes(test->bytes);
        if (one_in(3))
            test->bytes[at++] = 0x0F;
        while (at < sizeof(test->bytes))
            test->bytes[at++] = (uint8_t)random_u32();
        if (instruction_decode(test->bytes, sizeof(test->bytes), test->is_32bit, &test->insn) == INSTRUCTION_GOOD &&
            dispatch_find(&test->insn) != op_undefined && !is_left_out(&test->insn))
            return;
    }
}

static void make_registers(struct native_case *test)
{
    static const uint8_t stacks[] = { LDT_DATA32, LDT_DATA16, LDT_SHIFTED, LDT_SHORT, LDT_DOWN16, LDT_DOWN32 };
    static const uint8_t data[] = { LDT_DATA32, LDT_SHIFTED, LDT_SHORT, LDT_READ_ONLY, LDT_DOWN16, LDT_DOWN32,
                                    LDT_CODE32, LDT_EXECUTE_ONLY };

    for (unsigned i = 0; i < 6; i++)
        test->selectors[i] = ldt_selector(one_in(2) ? LDT_DATA32 : data[random_below(sizeof(data) - 1)]);
    test->selectors[SEG_CS] = ldt_selector(test->is_32bit ? LDT_CODE32 : LDT_CODE16);
    test->selectors[SEG_SS] = ldt_selector(stacks[random_below(sizeof(stacks))]);
    test->selectors[SEG_FS] = 0;
    if (one_in(32))
        test->selectors[one_in(2) ? SEG_ES : SEG_GS] = (uint16_t)random_below(4);
    for (unsigned i = 0; i < 8; i++)
        test->gpr[i] = random_value();
    test->eflags = EFLAGS_FIXED | EFLAGS_IF | (random_u32() & (EFLAGS_ARITHMETIC | EFLAGS_DF | EFLAGS_ID));
    if (one_in(16))
        test->eflags |= EFLAGS_AC;
}

static const struct native_segment *segment_of(const struct native_case *test, unsigned number)
{
    return test->selectors[number] & 4 ? &native_segments[test->selectors[number] >> 3] : NULL;
}

/* An offset in a segment, in three of sixteen near an end, in one anywhere. */
static uint32_t random_offset(const struct native_case *test, unsigned number)
{
    const struct native_segment *segment = segment_of(test, number);

    if (segment == NULL || one_in(16))
        return random_value();
    if (one_in(8))
        return segment->first + segment->bytes - random_below(20);
    if (one_in(16))
        return segment->first + random_below(24) - 4;
    return segment->first + random_below(segment->bytes - 16);
}

static void set_masked(uint32_t *reg, uint32_t value, uint32_t mask)
{
    *reg = (*reg & ~mask) | (value & mask);
}

static uint32_t effective(const struct native_case *test)
{
    const struct instruction *insn = &test->insn;
    uint32_t base = insn->base == GPR_NONE ? 0 : test->gpr[insn->base];
    uint32_t index = insn->index == GPR_NONE ? 0 : test->gpr[insn->index];

    return (base + (index << insn->scale) + insn->displacement) & insn->address_mask;
}

/* Whatever its registers hold: the address comes out near what is wanted. */
static void steer_address(struct native_case *test, uint32_t wanted)
{
    const struct instruction *insn = &test->insn;
    uint32_t rest = wanted - insn->displacement, mask = insn->address_mask;
    unsigned at = insn->opcode_at + 1u;

    if (insn->base != GPR_NONE && insn->base == insn->index) {
        set_masked(&test->gpr[insn->base], rest / (1 + (1u << insn->scale)), mask);
    } else if (insn->base != GPR_NONE) {
        uint32_t index = insn->index == GPR_NONE ? 0 : test->gpr[insn->index];
        set_masked(&test->gpr[insn->base], rest - (index << insn->scale), mask);
    } else if (insn->index != GPR_NONE) {
        set_masked(&test->gpr[insn->index], rest >> insn->scale, mask);
    } else {
        bool is_offset = insn->map == MAP_ONE_BYTE && (insn->opcode & 0xFC) == 0xA0;
        if (!is_offset)
            at += mask != 0xFFFF && (test->bytes[at] & 7) == 4 ? 2 : 1;
        memcpy(test->bytes + at, &wanted, mask == 0xFFFF ? 2 : 4);
        instruction_decode(test->bytes, sizeof(test->bytes), test->is_32bit, &test->insn);
    }
}

static void steer(struct native_case *test)
{
    const struct instruction *insn = &test->insn;
    bool is_wide_stack = segment_of(test, SEG_SS)->flags & 4;
    uint32_t stack_mask = is_wide_stack ? ~0u : 0xFFFFu;

    if (!one_in(16))
        set_masked(&test->gpr[GPR_ESP], random_offset(test, SEG_SS), stack_mask);
    if (insn->map == MAP_ONE_BYTE && (insn->opcode == 0xC8 || insn->opcode == 0xC9))
        set_masked(&test->gpr[GPR_EBP], random_offset(test, SEG_SS), stack_mask);
    if (native_case_is_string(insn)) {
        set_masked(&test->gpr[GPR_ESI], random_offset(test, insn->segment), insn->address_mask);
        set_masked(&test->gpr[GPR_EDI], random_offset(test, SEG_ES), insn->address_mask);
    }
    if (insn->map == MAP_TWO_BYTES && insn->opcode == 0xF7)      /* MASKMOVQ */
        set_masked(&test->gpr[GPR_EDI], random_offset(test, insn->segment), insn->address_mask);
    if (native_case_is_string(insn) && !one_in(32))
        set_masked(&test->gpr[GPR_ECX], random_below(40), insn->address_mask);
    if (!insn->is_register && !one_in(16))
        steer_address(test, random_offset(test, insn->segment));
}

/* Put a value where software will find it, as much of it as lies in the arena. */
static void put_at(const struct native_case *test, unsigned number, uint32_t offset, uint32_t value, unsigned bytes,
                   uint8_t *arena)
{
    const struct native_segment *segment = segment_of(test, number);

    for (unsigned i = 0; i < bytes && segment != NULL; i++) {
        uint32_t at = segment->base + offset + i - NATIVE_ARENA;
        if (at < NATIVE_ARENA_BYTES)
            arena[at] = (uint8_t)(value >> 8 * i);
    }
}

static void put_top(const struct native_case *test, uint32_t value, uint8_t *arena)
{
    uint32_t mask = segment_of(test, SEG_SS)->flags & 4 ? ~0u : 0xFFFFu;

    put_at(test, SEG_SS, test->gpr[GPR_ESP] & mask, value, 4, arena);
}

/* The operand that rm names becomes a value. */
static void put_rm(struct native_case *test, uint32_t value, unsigned bytes, unsigned behind, uint8_t *arena)
{
    const struct instruction *insn = &test->insn;

    if (insn->is_register)
        set_masked(&test->gpr[insn->rm], value, bytes == 4 ? ~0u : 0xFFFFu);
    else
        put_at(test, insn->segment, effective(test) + behind, value, bytes, arena);
}

static uint32_t random_target(void)
{
    return one_in(8) ? random_value() : random_below(0xFF0);
}

/* Values that must not be just anything: selectors, targets, flags. */
static void prepare_one_byte(struct native_case *test, uint8_t *arena)
{
    const struct instruction *insn = &test->insn;

    switch (insn->opcode) {
    case 0x07: case 0x17:
        put_top(test, random_selector(), arena);
        break;
    case 0x8E:
        put_rm(test, random_selector(), 2, 0, arena);
        break;
    case 0x9D:
        put_top(test, random_u32() & ~(EFLAGS_TF | EFLAGS_NT), arena);
        break;
    case 0xC2: case 0xC3:
        put_top(test, random_target(), arena);
        break;
    case 0xC4:
        put_rm(test, random_selector(), 2, insn->operand_bytes, arena);
        break;
    case 0xFF:
        if (insn->reg == 2 || insn->reg == 4)
            put_rm(test, random_target(), insn->operand_bytes, 0, arena);
        break;
    default:
        break;
    }
}

static void prepare_two_byte(struct native_case *test, uint8_t *arena)
{
    const struct instruction *insn = &test->insn;

    switch (insn->opcode) {
    case 0x00: case 0x02: case 0x03:
        put_rm(test, random_selector(), 2, 0, arena);
        break;
    case 0xA9:
        put_top(test, random_selector(), arena);
        break;
    case 0xB2: case 0xB5:
        put_rm(test, random_selector(), 2, insn->operand_bytes, arena);
        break;
    case 0xB1: case 0xB0:
        if (one_in(2))
            put_rm(test, test->gpr[GPR_EAX], 4, 0, arena);
        break;
    case 0xAE:
        put_rm(test, random_u32() & 0xFFFF, 4, 0, arena);       /* LDMXCSR: AMD has one bit more */
        break;
    case 0xC7:
        if (one_in(2)) {
            put_rm(test, test->gpr[GPR_EAX], 4, 0, arena);
            put_rm(test, test->gpr[GPR_EDX], 4, 4, arena);
        }
        break;
    default:
        break;
    }
}

void native_case_make_fpu(struct native_case *test)
{
    static const uint16_t exponents[] = { 0, 1, 0x3FFF, 0x4000, 0x3FF0, 0x401E, 0x7FFF, 0xBFFF, 0xC00E, 0xFFFF };
    uint32_t control = one_in(8) ? (random_u32() & 0xF3F) | 0x40 : 0x37F;
    /* Underflow stays masked: sse.c does not see a result that is tiny and exact. */
    uint32_t mxcsr = one_in(8) ? (random_u32() & 0xFFC0) | 0x800 : 0x1F80;
    uint32_t status = random_u32() & 0x7F00;

    memcpy(test->fpu + FPU_CONTROL, &control, 2);
    memcpy(test->fpu + FPU_STATUS, &status, 2);
    memcpy(test->fpu + FPU_MXCSR, &mxcsr, 4);
    test->fpu[4] = one_in(4) ? (uint8_t)random_u32() : 0xFF;
    for (unsigned i = 0; i < 8; i++) {
        uint32_t low = random_value(), high = 0x80000000u | random_value();
        uint16_t exponent = exponents[random_below(sizeof(exponents) / sizeof(exponents[0]))];
        memcpy(test->fpu + 32 + 16 * i, &low, 4);
        memcpy(test->fpu + 36 + 16 * i, &high, 4);
        memcpy(test->fpu + 40 + 16 * i, &exponent, 2);
        for (unsigned j = 0; j < 4; j++) {
            uint32_t value = one_in(2) ? random_value() : 0x3F000000u + (random_u32() & 0x81FFFFFFu);
            memcpy(test->fpu + 160 + 16 * i + 4 * j, &value, 4);
        }
    }
}

void native_case_make(struct native_case *test, uint8_t *arena)
{
    memset(test, 0, sizeof(*test));
    test->is_32bit = !one_in(3);
    test->eip = 0x200 + random_below(0x100);
    make_bytes(test);
    make_registers(test);
    native_case_make_fpu(test);
    steer(test);
    for (unsigned i = 0; i < 8; i++) {
        uint32_t value = random_value();
        memcpy(arena + random_below(NATIVE_ARENA_BYTES - 4), &value, 4);
    }
    if (test->insn.map == MAP_ONE_BYTE)
        prepare_one_byte(test, arena);
    else
        prepare_two_byte(test, arena);
}

uint32_t native_case_undefined_flags(const struct native_case *test)
{
    return undefined_flags(&test->insn, test->gpr[GPR_ECX]);
}
