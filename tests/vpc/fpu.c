/*
 * fpu.c - x87 and SSE2: results to the bit, #NM with TS, an x87 exception by #MF.
 */
#include "lib/interrupts.h"

static uint8_t stack0[4096];
static volatile unsigned not_available, math_fault;

static void on_not_available(struct frame *frame)
{
    (void)frame;
    not_available++;
    __asm__ volatile("clts");
}

static void on_math(struct frame *frame)
{
    (void)frame;
    math_fault++;
    __asm__ volatile("fnclex");
}

static void say_bits(const char *name, const double *value)
{
    const uint32_t *words = (const uint32_t *)value;

    say("%s %x%x\n", name, words[1], words[0]);
}

static void test_x87(void)
{
    double two = 2.0, result;

    __asm__ volatile("fninit; fldl %1; fsqrt; fstpl %0" : "=m"(result) : "m"(two));
    say_bits("sqrt 2", &result);
    __asm__ volatile("fldpi; fldl %1; fpatan; fstpl %0" : "=m"(result) : "m"(two));
    say_bits("atan", &result);
    __asm__ volatile("fld1; fldpi; fyl2x; fstpl %0" : "=m"(result));
    say_bits("log2 pi", &result);
}

static void test_sse(void)
{
    static const double left[2] __attribute__((aligned(16))) = { 1.0, 3.0 };
    static const double right[2] __attribute__((aligned(16))) = { 3.0, 7.0 };
    static double result[2] __attribute__((aligned(16)));

    __asm__ volatile("movl %%cr4, %%eax; orl $0x600, %%eax; movl %%eax, %%cr4" : : : "eax");
    __asm__ volatile("movapd %1, %%xmm0; divpd %2, %%xmm0; movapd %%xmm0, %%xmm3; sqrtpd %%xmm3, %%xmm5;"
                     "movapd %%xmm5, %0" : "=m"(result) : "m"(left), "m"(right));
    say_bits("sse", &result[0]);
    say_bits("sse", &result[1]);
}

static void test_faults(void)
{
    uint16_t control = 0x37B;               /* zero divide unmasked */

    __asm__ volatile("movl %%cr0, %%eax; orl $0x28, %%eax; movl %%eax, %%cr0" : : : "eax");
    __asm__ volatile("fninit");
    check(not_available == 1, "#NM");
    __asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait; fninit" : : "m"(control));
    check(math_fault >= 1, "#MF");
    say("faults\n");
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(7, on_not_available);
    set_handler(16, on_math);
    test_x87();
    test_sse();
    test_faults();
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
