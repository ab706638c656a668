/*
 * test_interp_long_mode.c - the interpreter against the processor that the test runs on, as far as the same bytes do
 * the same in 64-bit code behind an address-size prefix: every register, flag and byte is compared, of faults vector,
 * error code and EIP; and what FXRSTOR makes of an image. long_mode_forms.c says what is left out.
 *
 * test_interp_native compares more, but there are machines that take no 32-bit code (native_refuses). A case is up to
 * eight random instructions in a row. They are interpreted one by one, as what the next may be depends on where its
 * operands would be, and then once more in one go, as the interpreter keeps flags as results and carries until
 * somebody asks. A row ends where the manual leaves flags undefined. COBBLE_CASES=1000000 COBBLE_SEED=7: others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flat_pc.h"
#include "long_mode.h"
#include "long_mode_forms.h"
#include "native.h"
#include "native_case.h"
#include "native_leeway.h"
#include "random.h"
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/fpu_operation.h"
#include "vpc/x86/undefined_flags.h"

#define CASES 200000u               /* COBBLE_CASES: others */
#define IN_A_ROW 8u
#define OPCODES_DONE 340u           /* of 512: the others are not there, or mean something else in 64-bit code */
#define ROW_BYTES (IN_A_ROW * (1 + INSTRUCTION_MAX_BYTES + LONG_GAP) + LONG_GAP + LONG_EXIT_BYTES)
#define RUNS_MAX 1000u              /* turns of repeated instructions */
#define INT3 0xCC
#define ADDRESS_PREFIX 0x67
#define MXCSR_PE 0x20u
#define FLAGS_COMPARED (EFLAGS_ARITHMETIC | EFLAGS_DF)

/* Registers and flags, and how it came to them. */
struct outcome {
    uint32_t gpr[8], eflags;
    uint8_t fpu[FPU_IMAGE_BYTES];
    int vector;                     /* -1: no fault */
    uint32_t error, at;             /* where in its code it ended */
};

/* The instructions as each of the two has them. last: as the rules of native_leeway.h want it. */
static struct row {
    unsigned count;
    uint32_t unknown;               /* flags that nobody knows at its end */
    uint32_t at[IN_A_ROW + 1], native_at[IN_A_ROW + 1];
    struct native_case last;
} row;

static uint8_t arena[LONG_ARENA_BYTES], arena_before[LONG_ARENA_BYTES];
static bool is_done[2][256];

/* Registers, flags and unit as given, at privilege 3, before the row. */
static void begin(const struct outcome *from)
{
    bool came_from_fault = cpu->cpl != 3;

    if (came_from_fault) {
        cpu->cpl = 3;
        fake_pc_load(&pc, SEG_CS, FLAT_CODE3);
        for (unsigned i = 0; i < SEG_COUNT; i++)
            if (i != SEG_CS)
                fake_pc_load(&pc, i, FLAT_DATA3);
    }
    memcpy(cpu->gpr, from->gpr, sizeof(from->gpr));
    memcpy(cpu->fpu, from->fpu, sizeof(from->fpu));
    cpu->eflags = from->eflags;
    cpu->eip = CODE;
    if (came_from_fault || random_below(2))
        interp_flush(&pc.interp);
}

/* So many instructions, or a fault. */
static void go_on(unsigned instructions)
{
    uint64_t end = cpu->retired + instructions;

    for (unsigned i = 0; i < RUNS_MAX && cpu->cpl == 3 && cpu->retired < end; i++)
        assert_int_equal(interp_run(&pc.interp, end - cpu->retired), EXIT_BUDGET);
}

static struct outcome interpreted(void)
{
    struct fake_event event = fake_pc_event(&pc);
    struct outcome outcome = { .vector = event.vector, .error = event.error, .eflags = cpu->eflags,
                               .at = cpu->eip - CODE };

    memcpy(outcome.gpr, cpu->gpr, sizeof(outcome.gpr));
    memcpy(outcome.fpu, cpu->fpu, sizeof(outcome.fpu));
    if (event.vector >= 0) {
        outcome.gpr[GPR_ESP] = event.esp;
        outcome.eflags = event.eflags;
        outcome.at = event.eip - CODE;
    }
    return outcome;
}

/* The next instruction of the row, interpreted. */
static void add(const uint8_t *bytes, const struct instruction *insn)
{
    uint32_t at = row.at[row.count], native_at = row.native_at[row.count];

    row.last.insn = *insn;
    memcpy(row.last.gpr, cpu->gpr, sizeof(row.last.gpr));
    memcpy(row.last.fpu, cpu->fpu, sizeof(row.last.fpu));
    row.unknown = undefined_flags(insn, cpu->gpr[GPR_ECX]);
    memcpy(pc.ram + CODE + at, bytes, insn->length);
    native_code[native_at] = ADDRESS_PREFIX;
    memcpy(native_code + native_at + 1, bytes, insn->length);
    go_on(1);
    uint32_t moved = cpu->cpl == 3 ? cpu->eip - CODE - at : insn->length;
    assert_in_range(moved, insn->length, insn->length + LONG_GAP);
    row.count++;
    row.at[row.count] = at + moved;
    row.native_at[row.count] = native_at + 1 + moved;
}

/* Instructions from there on. The first may choose its registers, which from has afterwards. */
static void make_row(struct outcome *from)
{
    unsigned most = 1 + random_below(IN_A_ROW);
    uint8_t bytes[INSTRUCTION_MAX_BYTES];
    struct instruction insn;

    row = (struct row){ .count = 0 };
    memset(native_code, INT3, ROW_BYTES);
    memset(pc.ram + CODE, INT3, ROW_BYTES);
    long_mode_choose(bytes, &insn, from->gpr, from->eflags & EFLAGS_DF, true, arena);
    if (long_mode_is_fpu(&insn)) {
        native_case_make_fpu(&row.last);
        memcpy(from->fpu, row.last.fpu, sizeof(from->fpu));
    }
    memcpy(arena_before, arena, sizeof(arena));
    memcpy(long_arena, arena, sizeof(arena));
    begin(from);
    add(bytes, &insn);
    while (row.count < most && row.unknown == 0 && cpu->cpl == 3 && !long_mode_is_last(&insn)) {
        long_mode_choose(bytes, &insn, cpu->gpr, cpu->eflags & EFLAGS_DF, false, arena);
        add(bytes, &insn);
    }
}

static struct outcome execute(const struct outcome *from)
{
    memcpy(long_mode_state.gpr, from->gpr, sizeof(from->gpr));
    memcpy(long_mode_state.fpu, from->fpu, sizeof(from->fpu));
    long_mode_state.eflags = from->eflags;
    struct long_mode_end end = long_mode_run(native_code, row.native_at[row.count]);
    struct outcome outcome = { .vector = end.vector, .error = end.error, .eflags = long_mode_state.eflags,
                               .at = row.at[row.count] };

    memcpy(outcome.gpr, long_mode_state.gpr, sizeof(outcome.gpr));
    memcpy(outcome.fpu, long_mode_state.fpu, sizeof(outcome.fpu));
    if (end.vector >= 0) {
        outcome.at = UINT32_MAX;
        for (unsigned i = 0; i < row.count; i++)
            if (row.native_at[i] == end.offset)
                outcome.at = row.at[i];
    }
    return outcome;
}

/* Before #XM with overflow not masked: whether the result would have been exact is the processor's own matter. */
static bool is_same_fpu(const struct outcome *got, const struct outcome *want)
{
    uint32_t differ = load(got->fpu + FPU_MXCSR, 4) ^ load(want->fpu + FPU_MXCSR, 4);

    return (differ & ~(got->vector == EXC_XM ? MXCSR_PE : 0u)) == 0 &&
           native_is_same_x87(&row.last, got->vector, got->fpu, want->fpu) &&
           memcmp(got->fpu + 160, want->fpu + 160, 128) == 0;
}

static bool is_same(const struct outcome *got, const struct outcome *want)
{
    uint32_t flags = FLAGS_COMPARED & ~(got->vector < 0 ? row.unknown : 0);

    if (native_may_fault_otherwise(&row.last, got->vector, want->vector))
        return true;
    return got->vector == want->vector && got->error == want->error && got->at == want->at &&
           memcmp(got->gpr, want->gpr, sizeof(got->gpr)) == 0 && ((got->eflags ^ want->eflags) & flags) == 0 &&
           is_same_fpu(got, want) && memcmp(arena, long_arena, sizeof(arena)) == 0;
}

static void say_outcome(const char *who, const struct outcome *outcome)
{
    fprintf(stderr, "  %s: vector %d error %x at %x eflags %x,", who, outcome->vector, outcome->error, outcome->at,
            outcome->eflags);
    for (unsigned i = 0; i < 8; i++)
        fprintf(stderr, " %08x", outcome->gpr[i]);
    fprintf(stderr, "\n");
}

static void say_case(unsigned long number, const char *how, const struct outcome *from, const struct outcome *got,
                     const struct outcome *want)
{
    fprintf(stderr, "\ncase %lu, %s:", number, how);
    for (unsigned i = 0; i < row.at[row.count]; i++)
        fprintf(stderr, " %02x", pc.ram[CODE + i]);
    fprintf(stderr, "\n  unknown flags %x\n", row.unknown);
    say_outcome("from", from);
    say_outcome("interpreted", got);
    say_outcome("executed", want);
    for (unsigned i = 0; i < 288; i++)
        if (got->fpu[i] != want->fpu[i] && (i < FPU_OPCODE || i >= FPU_MXCSR))
            fprintf(stderr, "  fpu %u: %02x, interpreted %02x, executed %02x\n", i, from->fpu[i], got->fpu[i],
                    want->fpu[i]);
    for (unsigned i = 0; i < sizeof(arena); i++)
        if (arena[i] != long_arena[i])
            fprintf(stderr, "  arena %04x: %02x, interpreted %02x, executed %02x\n", i, arena_before[i], arena[i],
                    long_arena[i]);
}

static unsigned long number_of(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 0) : otherwise;
}

static void make_begin(struct outcome *from)
{
    from->eflags = (random_u32() & FLAGS_COMPARED) | EFLAGS_FIXED | EFLAGS_IF;
    for (unsigned i = 0; i < 8; i++) {
        uint32_t value = long_mode_value();
        from->gpr[i] = long_mode_value();
        memcpy(arena + random_below(LONG_ARENA_BYTES - 4), &value, 4);
    }
}

static bool is_case_same(unsigned long number, struct outcome *from)
{
    make_begin(from);
    make_row(from);
    struct outcome got = interpreted(), want = execute(from);
    is_done[row.last.insn.map][row.last.insn.opcode] |= want.vector < 0;
    bool is_good = is_same(&got, &want);
    if (!is_good)
        say_case(number, "one by one", from, &got, &want);
    if (is_good && row.count > 1) {
        memcpy(arena, arena_before, sizeof(arena));
        begin(from);
        go_on(row.count);
        got = interpreted();
        is_good = is_same(&got, &want);
        if (!is_good)
            say_case(number, "in one go", from, &got, &want);
    }
    memcpy(arena, long_arena, sizeof(arena));
    return is_good;
}

static unsigned count_done(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < 512; i++)
        count += is_done[i >> 8][i & 255];
    return count;
}

static void set_up_both(void)
{
    set_up(3);
    pc.windows[0] = (struct fake_window){ LONG_ARENA, LONG_ARENA_BYTES, arena };
    pc.bus.fpu_execute = native_fpu_execute;
    cpu->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    interp_flush(&pc.interp);
    assert_true(native_map() && long_mode_open());
    long_mode_listen();
}

static void test_random_rows(void **state)
{
    unsigned long cases = number_of("COBBLE_CASES", CASES), failed = 0, faults = 0, instructions = 0;
    struct native_case unit = { .is_32bit = true };
    struct outcome from = { .vector = -1 };

    (void)state;
    random_state = (uint32_t)number_of("COBBLE_SEED", 1);
    long_mode_seed(random_state);
    native_case_seed(random_state);
    set_up_both();
    native_case_make_fpu(&unit);
    memcpy(from.fpu, unit.fpu, sizeof(from.fpu));
    for (unsigned long i = 0; i < cases; i++) {
        failed += !is_case_same(i, &from);
        faults += cpu->cpl != 3;
        instructions += row.count;
        if (failed >= number_of("COBBLE_FAILURES", 1))
            fail_msg("the interpreter differs from the processor");
    }
    assert_int_equal(failed, 0);
    if (getenv("COBBLE_CASES") != NULL)
        fprintf(stderr, "# %lu rows, %lu instructions, %lu faults, %u opcodes\n", cases, instructions, faults,
                count_done());
    assert_true(cases < CASES || count_done() >= OPCODES_DONE);
    assert_true(cases < CASES || faults >= cases / 200);
}

/* The unit, which executes nothing here. */
static void no_unit(struct vcpu *guest, struct fpu_operation *operation)
{
    (void)guest, (void)operation;
    fail();
}

/* All exceptions with all masks: is one pending after FXRSTOR, whatever the image says of that? */
static void test_exceptions_of_an_image(void **state)
{
    _Alignas(16) static uint8_t image[512], real[512], before[512];

    (void)state;
    __asm__ volatile("fxsave %0" : "=m"(before));
    for (uint32_t i = 0; i < 64 * 64 * 4; i++) {
        uint32_t status = (i & 63) | (i >> 12 & 1) * FPU_STATUS_ES | (i >> 13) * FPU_STATUS_B;
        uint32_t control = 0x340 | (i >> 6 & 63);
        memset(image, 0, sizeof(image));
        memcpy(image + FPU_CONTROL, &control, 2);
        memcpy(image + FPU_STATUS, &status, 2);
        __asm__ volatile("fxrstor %1; fxsave %0; fxrstor %2" : "=m"(real) : "m"(image), "m"(before));
        set_up(0);
        pc.bus.fpu_execute = no_unit;
        memcpy(pc.ram + 0x50000, image, sizeof(image));
        cpu->gpr[GPR_EBX] = 0x50000;
        assert_int_equal(RUN("\x0F\xAE\x0B", 1), EXIT_BUDGET);
        assert_int_equal(cpu->eip, CODE + 3);
        assert_memory_equal(cpu->fpu + FPU_STATUS, real + FPU_STATUS, 2);
        assert_memory_equal(cpu->fpu + FPU_CONTROL, real + FPU_CONTROL, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_rows),
                                        cmocka_unit_test(test_exceptions_of_an_image) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
