/*
 * test_interp_native.c - the interpreter against the processor this runs on: random instructions from random states, in
 * 32- and 16-bit code of privilege 3; every register, flag and byte is compared, and of faults vector and error code.
 *
 * COBBLE_CASES=10000000 COBBLE_SEED=7 run it longer, elsewhere. What the manual leaves undefined is not compared:
 * native_case_undefined_flags.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "fake_pc.h"
#include "native.h"
#include "native_case.h"
#include "native_leeway.h"
#include "vpc/x86/access.h"
#include "vpc/x86/fpu_operation.h"

#define CASES 100000u
#define OPCODES_DONE 400u       /* of 512: the others are prefixes, undefined, privileged, or left out */
#define FLAT_CODE_AT 0x20000u
#define MXCSR_PE 0x20u
#define RUNS_MAX 200000u        /* turns of one repeated instruction */
#define FLAGS_COMPARED (EFLAGS_ARITHMETIC | EFLAGS_DF | EFLAGS_AC | EFLAGS_ID)

static struct fake_pc pc;
static uint8_t code[NATIVE_CODE_BYTES], arena[NATIVE_ARENA_BYTES], arena_before[NATIVE_ARENA_BYTES];

/* How one of the two got on with a case. */
struct outcome {
    int vector;                 /* -1: no fault */
    uint32_t error, eip, eflags;
    uint32_t gpr[8];
    uint32_t es, ss, gs;
    uint8_t fpu[FPU_IMAGE_BYTES];
    uint32_t landing;           /* of the interpreter: EIP after the instruction itself */
};

static void set_up(void)
{
    fake_pc_init(&pc);
    fake_pc_protect(&pc, 3);
    for (unsigned i = 0; i < LDT_COUNT; i++) {
        const struct native_segment *segment = &native_segments[i];
        uint32_t at = FAKE_PC_LDT + 8 * i;
        fake_pc_put_descriptor(&pc, at, segment->base, segment->limit, segment->access, segment->flags);
        assert_true(native_set_ldt(i, fake_pc_get(&pc, at, 4), fake_pc_get(&pc, at + 4, 4)));
    }
    pc.bus.fpu_execute = native_fpu_execute;
    pc.interp.cpu.cr0 |= CR0_AM;
    pc.interp.cpu.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    pc.windows[0] = (struct fake_window){ NATIVE_CODE, NATIVE_CODE_BYTES, code };
    pc.windows[1] = (struct fake_window){ NATIVE_ARENA, NATIVE_ARENA_BYTES, arena };
    memset(code, 0xCC, sizeof(code));
}

/* The arena's pages as they are after an instruction touched them: steps (threaded.h) need such. */
static void warm_up(void)
{
    for (uint32_t at = 0; at < NATIVE_ARENA_BYTES; at += PAGE_SIZE)
        assert_non_null(access_linear(&pc.interp, NATIVE_ARENA + at, 1, ACCESS_TO_WRITE, true));
}

/* Every other time with all translations at hand, so that what is plain is a step's; else it is a handler's. */
static struct outcome interpret(const struct native_case *test)
{
    struct vcpu *cpu = &pc.interp.cpu;

    cpu->cpl = 3;
    for (unsigned i = 0; i < SEG_COUNT; i++)
        fake_pc_load(&pc, i, test->selectors[i]);
    memcpy(cpu->gpr, test->gpr, sizeof(test->gpr));
    memcpy(cpu->fpu, test->fpu, sizeof(test->fpu));
    cpu->eip = test->eip;
    cpu->eflags = test->eflags;
    cpu->shadow = SHADOW_NONE;
    interp_flush(&pc.interp);
    if (test->gpr[GPR_EAX] & 1)
        warm_up();
    uint64_t retired = cpu->retired;
    for (unsigned i = 0; i < RUNS_MAX && cpu->cpl == 3 && cpu->retired == retired; i++)
        assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    uint32_t landing = cpu->eip;
    if (cpu->cpl == 3 && cpu->eip != test->eip + test->insn.length)
        assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);       /* INT3, wherever a jump led */

    struct fake_event event = fake_pc_event(&pc);
    struct outcome outcome = { .vector = event.vector, .error = event.error, .eip = event.eip,
                               .eflags = event.vector < 0 ? cpu->eflags : event.eflags, .landing = landing };
    memcpy(outcome.gpr, cpu->gpr, sizeof(outcome.gpr));
    memcpy(outcome.fpu, cpu->fpu, sizeof(outcome.fpu));
    outcome.es = cpu->segments[SEG_ES].selector;
    outcome.gs = cpu->segments[SEG_GS].selector;
    outcome.ss = cpu->segments[SEG_SS].selector;
    if (event.vector >= 0) {
        outcome.gpr[GPR_ESP] = event.esp;
        outcome.ss = event.ss;
    }
    return outcome;
}

static struct outcome execute(const struct native_case *test)
{
    memcpy(native->gpr, test->gpr, sizeof(test->gpr));
    memcpy(native->fpu, test->fpu, sizeof(test->fpu));
    native->eip = test->eip;
    native->eflags = test->eflags;
    native->cs = test->selectors[SEG_CS];
    native->ds = test->selectors[SEG_DS];
    native->es = test->selectors[SEG_ES];
    native->ss = test->selectors[SEG_SS];
    native->gs = test->selectors[SEG_GS];
    struct native_end end = native_run();
    struct outcome outcome = { .vector = end.vector, .error = end.error, .eip = end.vector < 0 ? 0 : native->eip,
                               .eflags = native->eflags, .es = native->es, .ss = native->ss, .gs = native->gs };
    memcpy(outcome.gpr, native->gpr, sizeof(outcome.gpr));
    memcpy(outcome.fpu, native->fpu, sizeof(outcome.fpu));
    return outcome;
}

static void put_code(const struct native_case *test)
{
    uint32_t behind = test->eip + test->insn.length;

    memcpy(native_code + test->eip, test->bytes, test->insn.length);
    native_put_exit(behind, test->is_32bit);
    memcpy(code + test->eip, native_code + test->eip, test->insn.length + NATIVE_EXIT_BYTES);
    memcpy(native_arena, arena, sizeof(arena));
    memcpy(arena_before, arena, sizeof(arena));
}

static void take_code_back(const struct native_case *test)
{
    memset(native_code + test->eip, 0xCC, test->insn.length + NATIVE_EXIT_BYTES);
    memset(code + test->eip, 0xCC, test->insn.length + NATIVE_EXIT_BYTES);
}

static bool is_opcode(const struct native_case *test, unsigned map, uint8_t opcode)
{
    return test->insn.map == map && test->insn.opcode == opcode;
}

/* A jump into the case itself or its way back would go on from there. */
static bool jumps_into_itself(const struct native_case *test, const struct outcome *outcome)
{
    uint32_t into = outcome->landing - test->eip;

    return into < test->insn.length + NATIVE_EXIT_BYTES && into != test->insn.length;
}

/* Results that the manual leaves undefined. */
static bool is_undefined(const struct native_case *test)
{
    const struct instruction *insn = &test->insn;

    if (insn->map == MAP_ONE_BYTE)
        return false;
    if ((insn->opcode & 0xF8) == 0xC8)
        return insn->operand_bytes == 2;                            /* BSWAP */
    bool is_double_shift = (insn->opcode & 0xF6) == 0xA4;
    unsigned count = insn->opcode & 1 ? test->gpr[GPR_ECX] : insn->immediate;
    return is_double_shift && insn->operand_bytes == 2 && (count & 31) > 16;
}

/* LAR: bits 16-19 of the access rights. SDM vol. 2 "LAR": "x means that the four bits are undefined". */
static void drop_undefined(const struct native_case *test, struct outcome *got, const struct outcome *want)
{
    uint32_t *reg = &got->gpr[test->insn.reg];

    if (is_opcode(test, MAP_TWO_BYTES, 0x02))
        *reg ^= (*reg ^ want->gpr[test->insn.reg]) & 0xF0000;
}

/* PUSHA, POPA, ENTER: after a fault in their middle, how much was done is nobody's business. */
static bool may_be_done_in_part(const struct native_case *test)
{
    return is_opcode(test, MAP_ONE_BYTE, 0x60) || is_opcode(test, MAP_ONE_BYTE, 0x61) ||
           is_opcode(test, MAP_ONE_BYTE, 0xC8);
}

static void print_case(const struct native_case *test, const struct outcome *got, const struct outcome *want,
                       unsigned number)
{
    static const char *const names[8] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };

    fprintf(stderr, "case %u, %s-bit code:", number, test->is_32bit ? "32" : "16");
    for (unsigned i = 0; i < test->insn.length; i++)
        fprintf(stderr, " %02x", test->bytes[i]);
    fprintf(stderr, "\n  eip %x, eflags %x, es %x ss %x ds %x gs %x\n", test->eip, test->eflags,
            test->selectors[SEG_ES], test->selectors[SEG_SS], test->selectors[SEG_DS], test->selectors[SEG_GS]);
    for (unsigned i = 0; i < 8; i++)
        fprintf(stderr, "  %s %08x: interpreted %08x, executed %08x\n", names[i], test->gpr[i], got->gpr[i],
                want->gpr[i]);
    fprintf(stderr, "  interpreted: vector %d error %x eip %x eflags %x es %x ss %x gs %x\n", got->vector, got->error,
            got->eip, got->eflags, got->es, got->ss, got->gs);
    fprintf(stderr, "  executed:    vector %d error %x eip %x eflags %x es %x ss %x gs %x\n", want->vector,
            want->error, want->eip, want->eflags, want->es, want->ss, want->gs);
    for (unsigned i = 0; i < 288; i++) {
        if (got->fpu[i] != want->fpu[i] && (i < FPU_OPCODE || i >= FPU_MXCSR))
            fprintf(stderr, "  fpu %u: %02x, interpreted %02x, executed %02x\n", i, test->fpu[i], got->fpu[i],
                    want->fpu[i]);
    }
    for (unsigned i = 0; i < sizeof(arena); i++) {
        if (arena[i] != native_arena[i])
            fprintf(stderr, "  arena %03x: interpreted %02x, executed %02x\n", i, arena[i], native_arena[i]);
    }
}

/* Null selectors are one: on the way back from an interrupt the processor takes their RPL away. */
static bool is_same_selector(uint32_t one, uint32_t other)
{
    return one == other || ((one | other) & 0xFFFC) == 0;
}

/* Before #XM with overflow not masked: whether the result would have been exact is the processor's own matter. */
static bool is_same_fpu(const struct native_case *test, const struct outcome *got, const struct outcome *want)
{
    bool is_xm = got->vector == EXC_XM;
    uint32_t differ = (load(got->fpu + FPU_MXCSR, 4) ^ load(want->fpu + FPU_MXCSR, 4)) & ~(is_xm ? MXCSR_PE : 0u);

    return differ == 0 && native_is_same_x87(test, got->vector, got->fpu, want->fpu) &&
           memcmp(got->fpu + 160, want->fpu + 160, 128) == 0;
}

static bool is_same(const struct native_case *test, const struct outcome *got, const struct outcome *want)
{
    uint32_t flags = FLAGS_COMPARED & ~(got->vector < 0 ? native_case_undefined_flags(test) : 0);

    if (native_has_flags_left(test, got->vector))
        flags &= ~EFLAGS_ARITHMETIC;
    if (native_may_fault_otherwise(test, got->vector, want->vector))
        return true;
    if (got->vector != want->vector || got->eip != want->eip || (got->vector >= 0 && got->error != want->error))
        return false;
    if (got->vector >= 0 && may_be_done_in_part(test))
        return true;
    if (memcmp(got->gpr, want->gpr, sizeof(got->gpr)) != 0 || ((got->eflags ^ want->eflags) & flags) != 0)
        return false;
    if (!is_same_selector(got->es, want->es) || got->ss != want->ss || !is_same_selector(got->gs, want->gs))
        return false;
    return is_same_fpu(test, got, want) && memcmp(arena, native_arena, sizeof(arena)) == 0;
}

static unsigned long number_of(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 0) : otherwise;
}

/* Opcodes that came to their end at least once. */
static bool is_done[2][256];

static unsigned count_done(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < 512; i++)
        count += is_done[i >> 8][i & 255];
    return count;
}

static void test_random_instructions(void **state)
{
    (void)state;
    unsigned long cases = number_of("COBBLE_CASES", CASES), faults = 0, failed = 0;
    struct native_case test;

    native_listen();
    native_case_seed((uint32_t)number_of("COBBLE_SEED", 1));
    for (unsigned number = 0; number < cases; number++) {
        native_case_make(&test, arena);
        put_code(&test);
        struct outcome got = interpret(&test);
        if (!is_undefined(&test) && !native_wraps_frame(&test) && !jumps_into_itself(&test, &got)) {
            struct outcome want = execute(&test);
            drop_undefined(&test, &got, &want);
            native_settle_arena(&test, want.gpr[GPR_ESP], want.vector, native_arena, arena_before);
            faults += want.vector >= 0;
            is_done[test.insn.map][test.insn.opcode] |= want.vector < 0;
            if (!is_same(&test, &got, &want)) {
                print_case(&test, &got, &want, number);
                if (++failed >= number_of("COBBLE_FAILURES", 1))
                    fail_msg("the interpreter differs from the processor");
            }
        }
        take_code_back(&test);
    }
    assert_int_equal(failed, 0);
    assert_true(count_done() >= OPCODES_DONE);
    assert_in_range(faults, cases / 20, cases / 2);
}

/* A flat machine in privilege 0, to execute a few instructions on the floating-point unit. */
static struct fake_event run_flat(const char *bytes, size_t length, unsigned instructions, uint32_t cr0)
{
    static struct fake_pc flat;
    struct vcpu *cpu = &flat.interp.cpu;

    fake_pc_init(&flat);
    flat.bus.fpu_execute = native_fpu_execute;
    fake_pc_protect(&flat, 0);
    cpu->cr0 |= cr0;
    cpu->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    cpu->gpr[GPR_EBX] = 0x5000;
    fake_pc_put(&flat, 0x5000, 0x037E, 4);          /* a control word: invalid operation is not masked */
    fake_pc_put(&flat, 0x5010, 0x1F00, 4);          /* the same for MXCSR */
    fake_pc_put(&flat, 0x5024, 0xBF800000, 4);      /* -1 */
    memcpy(flat.ram + FLAT_CODE_AT, bytes, length);
    cpu->eip = FLAT_CODE_AT;
    assert_int_equal(interp_run(&flat.interp, instructions), EXIT_BUDGET);
    memcpy(arena, flat.ram + 0x5000, sizeof(arena));
    return fake_pc_event(&flat);
}
#define RUN_FLAT(bytes, instructions, cr0) run_flat(bytes, sizeof(bytes) - 1, instructions, cr0)

/* FSTENV and FXSAVE name the guest's instruction and operand, and FINIT forgets them. */
static void test_fpu_pointers(void **state)
{
    (void)state;
    native_listen();
    RUN_FLAT("\xD9\x43\x20\xD9\x73\x40\xDB\xE3\xD9\xB3\x80\0\0\0\x0F\xAE\x83\0\x02\0\0", 5, 0);
    assert_int_equal(load(arena + 0x40 + 12, 4), FLAT_CODE_AT);
    assert_int_equal(load(arena + 0x40 + 16, 4), FLAT_CODE0 | 0x143 << 16);
    assert_int_equal(load(arena + 0x40 + 20, 4), 0x5020);
    assert_int_equal(load(arena + 0x40 + 24, 2), FLAT_DATA0);
    assert_int_equal(load(arena + 0x80 + 12, 4), 0);
    assert_int_equal(load(arena + 0x80 + 20, 4), 0);
    assert_int_equal(load(arena + 0x200, 2), 0x37F);
    assert_int_equal(load(arena + 0x200 + FPU_MXCSR_MASK, 4), MXCSR_KNOWN);
}

/* FXRSTOR takes nothing from bytes that are none of the unit's. */
static void test_reserved_bytes_of_the_image(void **state)
{
    (void)state;
    native_listen();
    RUN_FLAT("\xBF\0\x54\0\0\xB9\x80\0\0\0\xB8\x80\x1F\x80\0\xF3\xAB"     /* words 801F80, all over */
             "\xC7\x05\x18\x54\0\0\x80\x1F\0\0\x0F\xAE\x0D\0\x54\0\0\x0F\xAE\x05\0\x52\0\0", 7, 0);
    assert_int_equal(load(arena + 0x200 + FPU_MXCSR, 4), 0x1F80);
    assert_int_equal(load(arena + 0x200 + FPU_MXCSR_MASK, 4), MXCSR_KNOWN);
    assert_int_equal(load(arena + 0x200 + 0xA0, 4), 0x801F80);          /* XMM0 is the unit's */
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(load(arena + 0x220 + 16 * i, 4), 0x801F80);    /* ST */
        assert_int_equal(load(arena + 0x220 + 16 * i + 10, 2), 0);
        assert_int_equal(load(arena + 0x220 + 16 * i + 12, 4), 0);
    }
}

/* Who may not, and what waits: SDM vol. 3 "x87 FPU Configuration", vol. 1 "Floating-Point Exceptions". */
static void test_fpu_faults(void **state)
{
    (void)state;
    static const struct { const char *bytes; unsigned length, instructions; uint32_t cr0; int vector; } cases[] = {
        { "\xD9\xE8", 2, 1, CR0_TS, EXC_NM }, { "\xD9\xE8", 2, 1, CR0_EM, EXC_NM }, { "\x9B", 1, 1, CR0_TS, -1 },
        { "\x9B", 1, 1, CR0_TS | CR0_MP, EXC_NM }, { "\x0F\x58\xC0", 3, 1, CR0_EM, EXC_UD },
        { "\x0F\x58\xC0", 3, 1, CR0_TS, EXC_NM }, { "\x0F\xAE\x03", 3, 1, CR0_TS, EXC_NM },
        { "\xD9\x2B\xD8\xC1\x9B", 5, 3, 0, EXC_MF },        /* an empty register; then it waits */
        { "\xD9\x2B\xD8\xC1\x0F\x6F\xC0", 7, 3, 0, EXC_MF },
        { "\xD9\x2B\xD8\xC1\xDF\xE0", 6, 3, 0, -1 },        /* FNSTSW does not */
        { "\xD9\x2B\xD8\xC1\xDB\xE2\x9B", 7, 4, 0, -1 },   /* FNCLEX */
        { "\x0F\xAE\x53\x10\x0F\x51\x43\x30", 8, 2, 0, -1 },
        { "\x0F\xAE\x53\x10\xF3\x0F\x51\x43\x24", 9, 2, 0, EXC_XM },     /* the square root of -1 */
    };

    native_listen();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake_event event = run_flat(cases[i].bytes, cases[i].length, cases[i].instructions, cases[i].cr0);
        if (event.vector != cases[i].vector)
            fail_msg("case %u: vector %d", i, event.vector);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_instructions), cmocka_unit_test(test_fpu_pointers),
        cmocka_unit_test(test_reserved_bytes_of_the_image), cmocka_unit_test(test_fpu_faults),
    };

    if (!native_open()) {
        printf("1..0 # SKIP this system lets no process have an LDT\n");
        return 0;
    }
    if (native_refuses()) {
        printf("1..0 # SKIP this machine executes no 32-bit code: its processor refuses the segment\n");
        return 0;
    }
    set_up();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
