/*
 * cpu_flags.c - the processor as guests probe it: EFLAGS by POPF, CPUID, RDTSC.
 *
 * POPF changes AC and ID for real: guests tell a 386 from a 486 from a CPU with CPUID that way. It never changes IF (it
 * reads as 1) nor IOPL. CPUID and RDTSC run natively. With AC set and CR0.AM = 0, an unaligned access does not fault.
 */
#include "test.h"

static void bit_changes_check(uint32_t bit)
{
    uint32_t before = eflags_read();

    eflags_write(before | bit);
    CHECK_EQUAL(eflags_read() & bit, bit);
    eflags_write(before & ~bit);
    CHECK_EQUAL(eflags_read() & bit, 0);
    eflags_write(before);
}

static void unaligned_with_ac_check(void)
{
    uint8_t bytes[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    uint32_t value;

    eflags_write(eflags_read() | EFLAGS_AC);
    __asm__ volatile("movl 1(%1), %0" : "=r"(value) : "r"(bytes) : "memory");
    eflags_write(eflags_read() & ~EFLAGS_AC);
    CHECK_EQUAL(value, 0x04030201);
}

int main(void)
{
    uint32_t before = eflags_read();

    bit_changes_check(EFLAGS_AC);
    bit_changes_check(EFLAGS_ID);
    eflags_write(before & ~EFLAGS_IF);
    CHECK_EQUAL(eflags_read() & EFLAGS_IF, EFLAGS_IF);
    eflags_write(before | EFLAGS_IOPL);
    CHECK_EQUAL(eflags_read() & EFLAGS_IOPL, 0);
    unaligned_with_ac_check();

    CHECK(cpuid(0).eax >= 1);
    CHECK((cpuid(1).edx & 1u << 4) != 0);       /* TSC */
    uint64_t first = rdtsc();
    CHECK(rdtsc() > first);
    return test_result();
}
