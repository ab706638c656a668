/*
 * test_interp_long_mode.c - arithmetic of the interpreter against the processor that the test runs on, as far as the
 * same bytes do the same in 64-bit code: operands in registers, with all flags; and what FXRSTOR makes of an image.
 *
 * test_interp_native compares far more, but there are machines that take no 32-bit code (native_refuses). A case is up
 * to eight random instructions in a row, as the interpreter keeps flags as results and carries until somebody asks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "flat_pc.h"
#include "random.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/fpu_operation.h"
#include "vpc/x86/instruction.h"
#include "vpc/x86/undefined_flags.h"

#define CASES 20000u                /* COBBLE_CASES: others */
#define IN_A_ROW 8u
#define ARITHMETIC (EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF)
#define CODE_BYTES 4096u
#define NO_MODRM 0x100u
#define ANY_REG 0x200u

/* What there is to choose from: a two-byte opcode has 0F in its upper byte. regs: values of reg that are good. */
static const struct form {
    uint16_t first, last;
    uint16_t regs;                  /* a bit for each; or one of the above */
    bool is_wide;                   /* of four bytes only */
} forms[] = {
    { 0x00, 0x03, ANY_REG, false }, { 0x04, 0x05, NO_MODRM, false }, { 0x08, 0x0B, ANY_REG, false },
    { 0x10, 0x13, ANY_REG, false }, { 0x14, 0x15, NO_MODRM, false }, { 0x18, 0x1B, ANY_REG, false },
    { 0x20, 0x23, ANY_REG, false }, { 0x28, 0x2B, ANY_REG, false }, { 0x2C, 0x2D, NO_MODRM, false },
    { 0x30, 0x33, ANY_REG, false }, { 0x38, 0x3B, ANY_REG, false }, { 0x3C, 0x3D, NO_MODRM, false },
    { 0x69, 0x69, ANY_REG, false }, { 0x6B, 0x6B, ANY_REG, false }, { 0x80, 0x81, 0xFF, false },
    { 0x83, 0x83, 0xFF, false }, { 0x84, 0x8B, ANY_REG, false }, { 0x98, 0x99, NO_MODRM, false },
    { 0x9E, 0x9F, NO_MODRM, false }, { 0xA8, 0xA9, NO_MODRM, false }, { 0xB0, 0xB3, NO_MODRM, false },
    { 0xC0, 0xC1, 0xBF, false }, { 0xD0, 0xD3, 0xBF, false }, { 0xF5, 0xF5, NO_MODRM, false },
    { 0xF6, 0xF7, 0x3D, false }, { 0xF8, 0xF9, NO_MODRM, false }, { 0xFE, 0xFF, 0x03, false },
    { 0x0F40, 0x0F4F, ANY_REG, false }, { 0x0F90, 0x0F9F, ANY_REG, false }, { 0x0FA3, 0x0FA3, ANY_REG, false },
    { 0x0FA4, 0x0FA5, ANY_REG, true }, { 0x0FAB, 0x0FAB, ANY_REG, false }, { 0x0FAC, 0x0FAD, ANY_REG, true },
    { 0x0FAF, 0x0FB1, ANY_REG, false }, { 0x0FB3, 0x0FB3, ANY_REG, false }, { 0x0FB6, 0x0FB7, ANY_REG, false },
    { 0x0FBA, 0x0FBA, 0xF0, false }, { 0x0FBB, 0x0FBB, ANY_REG, false }, { 0x0FBE, 0x0FC1, ANY_REG, false },
    { 0x0FC8, 0x0FCB, NO_MODRM, true },
};

struct registers {
    uint32_t gpr[8], eflags;        /* ESP's is nobody's */
};

static uint8_t *native_code;

/* Registers and flags as given, the code, which ends in RET, and what it left. */
static __attribute__((noinline, no_sanitize("address", "undefined"))) void execute(struct registers *state,
                                                                                   const void *code)
{
    register struct registers *state_in __asm__("r12") = state;
    register const void *code_in __asm__("r13") = code;

    __asm__ volatile(
        "subq $256, %%rsp\n\t" "pushq %%rbx\n\t" "pushq %%rbp\n\t" "movl 32(%%r12), %%eax\n\t" "pushq %%rax\n\t"
        "movl 0(%%r12), %%eax\n\t" "movl 4(%%r12), %%ecx\n\t" "movl 8(%%r12), %%edx\n\t" "movl 12(%%r12), %%ebx\n\t"
        "movl 20(%%r12), %%ebp\n\t" "movl 24(%%r12), %%esi\n\t" "movl 28(%%r12), %%edi\n\t"
        "popfq\n\t" "call *%%r13\n\t"
        "movl %%eax, 0(%%r12)\n\t" "pushfq\n\t" "popq %%rax\n\t" "movl %%eax, 32(%%r12)\n\t"
        "movl %%ecx, 4(%%r12)\n\t" "movl %%edx, 8(%%r12)\n\t" "movl %%ebx, 12(%%r12)\n\t"
        "movl %%ebp, 20(%%r12)\n\t" "movl %%esi, 24(%%r12)\n\t" "movl %%edi, 28(%%r12)\n\t"
        "popq %%rbp\n\t" "popq %%rbx\n\t" "addq $256, %%rsp"
        : : "r"(state_in), "r"(code_in) : "rax", "rcx", "rdx", "rsi", "rdi", "cc", "memory");
}

/* As often as any other: a value near where a carry or a sign comes from. */
static uint32_t random_value(void)
{
    static const uint32_t edges[] = { 0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000,
                                      UINT32_MAX };

    return random_below(2) ? random_u32() : edges[random_below(sizeof(edges) / sizeof(edges[0]))];
}

static uint8_t register_but_esp(void)
{
    static const uint8_t numbers[] = { 0, 1, 2, 3, 5, 6, 7 };

    return numbers[random_below(sizeof(numbers))];
}

/* One instruction; how long it is. Operands of bytes may be AH, which is number 4 as ESP is. */
static unsigned choose(uint8_t *to, struct instruction *insn)
{
    const struct form *form = &forms[random_below(sizeof(forms) / sizeof(forms[0]))];
    unsigned opcode = form->first + random_below(form->last - form->first + 1u), at = 0;
    unsigned reg = register_but_esp();

    if (!form->is_wide && random_below(4) == 0)
        to[at++] = 0x66;
    if (opcode > 0xFF)
        to[at++] = 0x0F;
    to[at++] = (uint8_t)opcode;
    if (form->regs != NO_MODRM && form->regs != ANY_REG)
        do
            reg = random_below(8);
        while (!(form->regs >> reg & 1));
    if (form->regs != NO_MODRM)
        to[at++] = (uint8_t)(0xC0 | reg << 3 | register_but_esp());
    for (unsigned i = at; i < INSTRUCTION_MAX_BYTES; i++)
        to[i] = (uint8_t)random_u32();
    assert_int_equal(instruction_decode(to, INSTRUCTION_MAX_BYTES, true, insn), INSTRUCTION_GOOD);
    return insn->length;
}

/* Instructions until one leaves flags that nobody knows. Returns how many; *unknown: those flags. */
static unsigned choose_row(uint8_t *to, unsigned *length, uint32_t *unknown)
{
    unsigned count = 0, most = 1 + random_below(IN_A_ROW);

    *length = 0;
    *unknown = 0;
    while (count < most && *unknown == 0) {
        struct instruction insn;
        *length += choose(to + *length, &insn);
        *unknown = undefined_flags(&insn, 0xFF);    /* whatever CL is by then */
        count++;
    }
    return count;
}

static void say_case(const struct registers *begin, const uint8_t *code, unsigned length)
{
    fprintf(stderr, "\n  code");
    for (unsigned i = 0; i < length; i++)
        fprintf(stderr, " %02x", code[i]);
    fprintf(stderr, "\n  from eflags %x,", begin->eflags);
    for (unsigned i = 0; i < 8; i++)
        fprintf(stderr, " %x", begin->gpr[i]);
    fprintf(stderr, "\n");
}

static bool is_same(const struct registers *one, const struct registers *other, uint32_t flags)
{
    for (unsigned i = 0; i < 8; i++)
        if (i != GPR_ESP && one->gpr[i] != other->gpr[i])
            return false;
    return ((one->eflags ^ other->eflags) & flags) == 0;
}

static void compare_one(void)
{
    struct registers begin = { .eflags = (random_u32() & ARITHMETIC) | EFLAGS_FIXED }, got, want;
    uint8_t code[(IN_A_ROW + 1) * INSTRUCTION_MAX_BYTES];
    unsigned length;
    uint32_t unknown;

    for (unsigned i = 0; i < 8; i++)
        begin.gpr[i] = random_value();
    unsigned count = choose_row(code, &length, &unknown);
    memcpy(native_code, code, length);
    native_code[length] = 0xC3;
    want = begin;
    execute(&want, native_code);
    memcpy(pc.ram + CODE, code, length);
    memcpy(cpu->gpr, begin.gpr, sizeof(begin.gpr));
    cpu->eflags = begin.eflags;
    cpu->eip = CODE;
    (void)interp_run(&pc.interp, count);
    memcpy(got.gpr, cpu->gpr, sizeof(got.gpr));
    got.eflags = cpu->eflags;
    if (!is_same(&got, &want, ARITHMETIC & ~unknown))
        say_case(&begin, code, length);
    for (unsigned i = 0; i < 8; i++)
        if (i != GPR_ESP)
            assert_int_equal(got.gpr[i], want.gpr[i]);
    assert_int_equal(got.eflags & ARITHMETIC & ~unknown, want.eflags & ARITHMETIC & ~unknown);
    assert_int_equal(cpu->eip, CODE + length);
}

static void test_arithmetic_in_registers(void **state)
{
    const char *wanted = getenv("COBBLE_CASES");
    unsigned long cases = wanted != NULL ? strtoul(wanted, NULL, 10) : CASES;

    (void)state;
    native_code = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(native_code, MAP_FAILED);
    set_up(0);
    for (unsigned long i = 0; i < cases; i++)
        compare_one();
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
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_arithmetic_in_registers),
                                        cmocka_unit_test(test_exceptions_of_an_image) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
