/*
 * cpu.h - instructions that C has no words for.
 */
#ifndef SDK_CPU_H
#define SDK_CPU_H

#include <stdint.h>

#define EFLAGS_CF 0x00000001u
#define EFLAGS_RESERVED_1 0x00000002u   /* always set */
#define EFLAGS_PF 0x00000004u
#define EFLAGS_AF 0x00000010u
#define EFLAGS_ZF 0x00000040u
#define EFLAGS_SF 0x00000080u
#define EFLAGS_TF 0x00000100u
#define EFLAGS_IF 0x00000200u
#define EFLAGS_DF 0x00000400u
#define EFLAGS_OF 0x00000800u
#define EFLAGS_IOPL 0x00003000u
#define EFLAGS_NT 0x00004000u
#define EFLAGS_RF 0x00010000u
#define EFLAGS_VM 0x00020000u
#define EFLAGS_AC 0x00040000u
#define EFLAGS_VIF 0x00080000u
#define EFLAGS_VIP 0x00100000u
#define EFLAGS_ID 0x00200000u

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf)
{
    struct cpuid result;

    __asm__ volatile("cpuid" : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                     : "a"(leaf), "c"(0));
    return result;
}

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline uint32_t eflags_read(void)
{
    uint32_t value;

    __asm__ volatile("pushfl; popl %0" : "=r"(value) : : "memory");
    return value;
}

static inline void eflags_write(uint32_t value)
{
    __asm__ volatile("pushl %0; popfl" : : "r"(value) : "memory", "cc");
}

/* Wait for the next virtual interrupt. Needs virtual IF on, else #GP(0). */
static inline void hlt(void)
{
    __asm__ volatile("hlt" : : : "memory");
}

/* Be kind in a loop that waits. */
static inline void pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

/* 64 by 32 bits; the quotient must fit into 32 bits, else #DE. The SDK has no compiler runtime for "/" on uint64_t. */
static inline uint32_t divide_u64(uint64_t dividend, uint32_t divisor)
{
    uint32_t quotient, remainder;

    __asm__("divl %4" : "=a"(quotient), "=d"(remainder)
            : "a"((uint32_t)dividend), "d"((uint32_t)(dividend >> 32)), "r"(divisor) : "cc");
    return quotient;
}

#endif
