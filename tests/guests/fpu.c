/*
 * fpu.c - the FPU and SSE state is fresh at launch and belongs to this guest alone.
 *
 * Fresh: control word 0x037F, status 0, tag word all empty, MXCSR 0x1F80, XMM registers zero (what a guest before
 * this one left would show here, so the guest ends with all of it dirty: run it twice). Its own: values put into ST0
 * and XMM0-7 are still there after a hundred hypercalls and half a second of being interrupted.
 */
#include "test.h"

struct __attribute__((packed)) x87_environment {
    uint32_t control, status, tag, eip, cs, operand, ds;
};

static uint32_t vectors[8][4] __attribute__((aligned(16)));

static void vectors_store(void)
{
    __asm__ volatile("movaps %%xmm0, 0(%0); movaps %%xmm1, 16(%0); movaps %%xmm2, 32(%0); movaps %%xmm3, 48(%0);"
                     "movaps %%xmm4, 64(%0); movaps %%xmm5, 80(%0); movaps %%xmm6, 96(%0); movaps %%xmm7, 112(%0)"
                     : : "r"(vectors) : "memory");
}

static void vectors_load(void)
{
    __asm__ volatile("movaps 0(%0), %%xmm0; movaps 16(%0), %%xmm1; movaps 32(%0), %%xmm2; movaps 48(%0), %%xmm3;"
                     "movaps 64(%0), %%xmm4; movaps 80(%0), %%xmm5; movaps 96(%0), %%xmm6; movaps 112(%0), %%xmm7"
                     : : "r"(vectors) : "memory");
}

static void fresh_check(void)
{
    struct x87_environment environment;
    uint32_t mxcsr;

    __asm__ volatile("fnstenv %0; fldenv %0" : "+m"(environment));
    CHECK_EQUAL(environment.control & 0xFFFF, 0x037F);
    CHECK_EQUAL(environment.status & 0xFFFF, 0);
    CHECK_EQUAL(environment.tag & 0xFFFF, 0xFFFF);
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    CHECK_EQUAL(mxcsr, 0x1F80);
    vectors_store();
    for (unsigned i = 0; i < 32; i++)
        CHECK_EQUAL(vectors[i / 4][i % 4], 0);
}

static void kept_check(void)
{
    uint64_t start = rdtsc();
    uint32_t kept = 0x600DF00D, mxcsr = 0x1FC0;

    for (unsigned i = 0; i < 32; i++)
        vectors[i / 4][i % 4] = 0x01010101u * (i + 1);
    vectors_load();
    __asm__ volatile("fninit; fildl %0; ldmxcsr %1" : : "m"(kept), "m"(mxcsr));
    for (unsigned i = 0; i < 100; i++)
        hv_magic();
    print_string("waiting\n");
    while (rdtsc() - start < 1000000000)
        pause();
    memset(vectors, 0, sizeof(vectors));
    vectors_store();
    for (unsigned i = 0; i < 32; i++)
        CHECK_EQUAL(vectors[i / 4][i % 4], 0x01010101u * (i + 1));
    kept = mxcsr = 0;
    __asm__ volatile("fistl %0; stmxcsr %1" : "=m"(kept), "=m"(mxcsr));
    CHECK_EQUAL(kept, 0x600DF00D);
    CHECK_EQUAL(mxcsr, 0x1FC0);
}

int main(void)
{
    fresh_check();
    kept_check();
    return test_result();
}
