/*
 * test_interp_flags.c - the arithmetic flags, which are kept as results and carries (x86/flags.h, alu.h), against those
 * of the processor this runs on: all that POPF can set, each condition of them, INC and DEC.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "fake_pc.h"
#include "random.h"

#define CODE 0x20000u
#define CASES 200000u

static struct fake_pc pc;

/* Any of the six flags: the number's bits by turns. */
static uint32_t flags_of(unsigned number)
{
    static const uint32_t flags[] = { EFLAGS_CF, EFLAGS_PF, 1u << 4, EFLAGS_ZF, EFLAGS_SF, EFLAGS_OF };
    uint32_t eflags = EFLAGS_FIXED;

    for (unsigned i = 0; i < 6; i++)
        eflags |= number >> i & 1 ? flags[i] : 0;
    return eflags;
}

/* INC or DEC of this processor. */
static uint32_t step_natively(uint32_t value, bool is_down, uint32_t *eflags)
{
    uint64_t flags = *eflags;

    if (is_down)
        __asm__ volatile("pushq %1; popfq; decl %0; pushfq; popq %1" : "+r"(value), "+r"(flags) : : "cc", "memory");
    else
        __asm__ volatile("pushq %1; popfq; incl %0; pushfq; popq %1" : "+r"(value), "+r"(flags) : : "cc", "memory");
    *eflags = (uint32_t)flags & EFLAGS_ARITHMETIC;
    return value;
}

static void run_code(const char *code, unsigned bytes, unsigned instructions)
{
    memcpy(pc.ram + CODE, code, bytes);
    pc.interp.cpu.eip = CODE;
    assert_int_equal(interp_run(&pc.interp, instructions), EXIT_BUDGET);
}

/* Values whose carries are anything. */
static uint32_t any_value(void)
{
    static const uint32_t edges[] = { 0, 1, 0xF, 0x10, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFF, 0xFFFF };

    return random_below(2) == 0 ? random_u32() : edges[random_below(9)];
}

/* Behind an addition, so that the flags are in no order that POPF makes. */
static void test_inc_and_dec(void **state)
{
    (void)state;
    fake_pc_init(&pc);
    fake_pc_protect(&pc, 0);
    random_state = 1;
    for (unsigned i = 0; i < CASES; i++) {
        uint32_t a = any_value(), b = any_value(), value = any_value(), eflags = 0;
        bool is_down = random_below(2) != 0;

        pc.interp.cpu.gpr[GPR_ECX] = a;
        pc.interp.cpu.gpr[GPR_EDX] = b;
        pc.interp.cpu.gpr[GPR_EAX] = value;
        run_code(is_down ? "\x01\xD1\x48" : "\x01\xD1\x40", 3, 2);
        eflags = a + b < a ? EFLAGS_CF : 0;
        uint32_t want = step_natively(value, is_down, &eflags);
        assert_int_equal(pc.interp.cpu.gpr[GPR_EAX], want);
        assert_int_equal(pc.interp.cpu.eflags & EFLAGS_ARITHMETIC, eflags);
    }
}

/* SDM vol. 1 "EFLAGS Condition Codes". */
static bool holds(uint32_t eflags, unsigned condition)
{
    bool cf = eflags & EFLAGS_CF, zf = eflags & EFLAGS_ZF, sf = eflags & EFLAGS_SF, of = eflags & EFLAGS_OF;
    const bool conditions[] = { of, cf, zf, cf || zf, sf, (eflags & EFLAGS_PF) != 0, sf != of, zf || sf != of };

    return conditions[condition >> 1] != (condition & 1);
}

static void test_every_flag_and_condition(void **state)
{
    (void)state;
    fake_pc_init(&pc);
    fake_pc_protect(&pc, 0);
    for (unsigned i = 0; i < 64; i++) {
        for (unsigned condition = 0; condition < 16; condition++) {
            const char code[] = { (char)0x9D, 0x0F, (char)(0x90 | condition), (char)0xC0 };    /* POPF, SETcc AL */
            pc.interp.cpu.gpr[GPR_ESP] = FAKE_PC_STACK0 - 4;
            fake_pc_put(&pc, FAKE_PC_STACK0 - 4, flags_of(i), 4);
            run_code(code, 4, 2);
            assert_int_equal(pc.interp.cpu.eflags, flags_of(i));
            assert_int_equal(pc.interp.cpu.gpr[GPR_EAX] & 0xFF, holds(flags_of(i), condition));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inc_and_dec),
        cmocka_unit_test(test_every_flag_and_condition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
