/*
 * crash.c - every exception a guest can raise, with an empty vIDT: each ends the guest with a report that names it.
 *
 * The instruction is the last thing the guest does; going on behind it is the failure. #NM, #TS, #NP and #AC cannot
 * come from guest code here: CR0.TS and CR0.AM are 0, there are no task gates and no absent segments. ICEBP is #DB
 * on a processor and #UD in QEMU 7.2. INT n with an empty slot crashes in the same way, whether the vector is an
 * exception's or not.
 */
#include "test.h"

CASE(de)
{
    __asm__ volatile("xorl %%ecx, %%ecx; movl $1, %%eax; cltd; idivl %%ecx" : : : "eax", "ecx", "edx", "cc");
}

CASE(de_overflow)
{
    __asm__ volatile("movl $1, %%ecx; movl $1, %%edx; divl %%ecx" : : : "eax", "ecx", "edx", "cc");
}

CASE(db_step)
{
    eflags_write(eflags_read() | EFLAGS_TF);
    __asm__ volatile("nop; nop");
}

CASE(bp)
{
    __asm__ volatile("int3");
}

CASE(bp_long)
{
    __asm__ volatile(".byte 0xCD, 3");
}

CASE(of)
{
    __asm__ volatile("movb $0x7F, %%al; incb %%al; into" : : : "eax", "cc");
}

CASE(br)
{
    static const int32_t bounds[2] = { 1, 2 };

    __asm__ volatile(".byte 0x62, 0x01" : : "a"(7), "c"(bounds) : "memory");     /* BOUND EAX, [ECX] */
}

CASE(ud)
{
    __asm__ volatile("ud2");
}

CASE(ud_syscall)
{
    __asm__ volatile(".byte 0x0F, 0x05");
}

CASE(ud_lock)
{
    __asm__ volatile(".byte 0xF0, 0x90");
}

CASE(icebp)
{
    __asm__ volatile(".byte 0xF1");
}

CASE(gp)
{
    __asm__ volatile("movw %0, %%es" : : "r"((uint16_t)0xFFF8));
}

CASE(pf)
{
    *(volatile uint32_t *)(uintptr_t)0x70000000 = 1;
}

/* x87 division by zero, unmasked; the exception comes with the next waiting instruction. */
CASE(mf)
{
    uint16_t control = 0x037B;

    __asm__ volatile("fninit; fldcw %0; fldz; fld1; fdiv %%st(1), %%st; fwait" : : "m"(control));
}

CASE(int_0x80)
{
    __asm__ volatile("int $0x80");
}

CASE(int_0x20)
{
    __asm__ volatile("int $0x20");
}

CASE(int_0xFF)
{
    __asm__ volatile("int $0xFF");
}

/* Vectors whose exceptions push an error code, NMI, and machine check: as INT n they are software interrupts. */
CASE(int_2)
{
    __asm__ volatile("int $2");
}

CASE(int_8)
{
    __asm__ volatile("int $8");
}

CASE(int_13)
{
    __asm__ volatile("int $13");
}

CASE(int_14)
{
    __asm__ volatile("int $14");
}

CASE(int_18)
{
    __asm__ volatile("int $18");
}

int main(void)
{
    test_case();
    test_survived();
}
