/*
 * insn.h - every instruction that C cannot express, one inline function each; all inline assembly of hv is here.
 *
 * Those that cost more than an instruction are counted: base/counters.h.
 */
#ifndef CPU_INSN_H
#define CPU_INSN_H

#include <stddef.h>
#include <stdint.h>

#include "base/counters.h"

static inline uint8_t insn_inb(uint16_t port)
{
    uint8_t value;
    counters.port_in++;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void insn_outb(uint16_t port, uint8_t value)
{
    counters.port_out++;
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

/* Several bytes to one port, in a row. Returns what follows them. */
static inline const uint8_t *insn_outsb(uint16_t port, const uint8_t *bytes, size_t count)
{
    counters.port_out += count;
    __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(count) : "d"(port) : "memory");
    return bytes;
}

static inline uint16_t insn_inw(uint16_t port)
{
    uint16_t value;
    counters.port_in++;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void insn_outw(uint16_t port, uint16_t value)
{
    counters.port_out++;
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t insn_inl(uint16_t port)
{
    uint32_t value;
    counters.port_in++;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void insn_outl(uint16_t port, uint32_t value)
{
    counters.port_out++;
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/*
 * A double word of a device's memory by MOV and EAX, as the PCI configuration space of AMD's family 10h wants it (BIOS
 * and Kernel Developer's Guide for family 10h, "Configuration Space").
 */
static inline uint32_t insn_read_by_eax(const volatile void *at)
{
    uint32_t value;
    __asm__ volatile("movl (%1), %0" : "=a"(value) : "r"(at) : "memory");
    return value;
}

static inline void insn_write_by_eax(volatile void *at, uint32_t value)
{
    __asm__ volatile("movl %0, (%1)" : : "a"(value), "r"(at) : "memory");
}

static inline uint64_t insn_rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

struct trap_frame;
/*
 * Call guest_enter of cpu.h or its like, which keep RBP and RSP only: whoever calls them knows best what else to save.
 */
static inline __attribute__((always_inline)) void insn_call_entry(void (*entry)(struct trap_frame *frame),
                                                                  struct trap_frame *frame)
{
    __asm__ volatile("call %P1" : "+D"(frame) : "i"(entry)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                       "memory");
}

static inline uint64_t insn_rdmsr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void insn_wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

/* out: EAX, EBX, ECX, EDX. */
static inline void insn_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(subleaf));
}

static inline void insn_write_cr0(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

static inline uint64_t insn_read_cr2(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t insn_read_cr3(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static inline void insn_write_cr3(uint64_t value)
{
    counters.cr3_writes++;
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline void insn_write_cr4(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static inline uint64_t insn_read_dr6(void)
{
    uint64_t value;
    __asm__ volatile("mov %%dr6, %0" : "=r"(value));
    return value;
}

static inline void insn_write_dr6(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr6" : : "r"(value));
}

/* DR0 to DR3: linear addresses. */
static inline void insn_write_debug_addresses(const uint64_t linear[4])
{
    __asm__ volatile("mov %0, %%dr0\n\tmov %1, %%dr1\n\tmov %2, %%dr2\n\tmov %3, %%dr3"
                     : : "r"(linear[0]), "r"(linear[1]), "r"(linear[2]), "r"(linear[3]));
}

static inline void insn_write_dr7(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr7" : : "r"(value));
}

static inline void insn_invlpg(uint64_t linear)
{
    counters.invlpg++;
    __asm__ volatile("invlpg (%0)" : : "r"(linear) : "memory");
}

/* base and limit as LGDT and LIDT want them: SDM vol. 3 "Memory-Management Registers". */
struct insn_table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static inline void insn_lgdt(const struct insn_table_register *gdtr)
{
    __asm__ volatile("lgdt %0" : : "m"(*gdtr));
}

static inline void insn_sgdt(struct insn_table_register *gdtr)
{
    __asm__ volatile("sgdt %0" : "=m"(*gdtr));
}

/* Load CS with a far return, and the data segments. SS too: a null SS in ring 0 is legal, but hard to debug. */
static inline void insn_load_hv_segments(uint16_t code, uint16_t data)
{
    __asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; "
                     "1: movl %1, %%ds; movl %1, %%es; movl %1, %%ss"
                     : : "r"((uint64_t)code), "r"((uint32_t)data) : "rax", "memory");
}

static inline void insn_lidt(const struct insn_table_register *idtr)
{
    __asm__ volatile("lidt %0" : : "m"(*idtr));
}

static inline void insn_ltr(uint16_t selector)
{
    __asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

static inline void insn_lldt(uint16_t selector)
{
    __asm__ volatile("lldt %0" : : "r"(selector));
}

/* area: 512 bytes, 16-byte aligned. SDM vol. 1 "FXSAVE Area". */
static inline void insn_fxsave(void *area)
{
    __asm__ volatile("fxsave (%0)" : : "r"(area) : "memory");
}

static inline void insn_fninit(void)
{
    __asm__ volatile("fninit" : : : "memory");
}

static inline void insn_fxrstor(const void *area)
{
    __asm__ volatile("fxrstor (%0)" : : "r"(area) : "memory");
}

/* Sleep until the next interrupt, take it, and come back with interrupts off again. */
static inline void insn_sti_hlt_cli(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

/* Take what interrupts there are, and come back with interrupts off again. STI holds them off for one instruction. */
static inline void insn_sti_nop_cli(void)
{
    __asm__ volatile("sti; nop; cli" : : : "memory");
}

static inline void insn_hlt(void)
{
    __asm__ volatile("hlt");
}

static inline void insn_cli(void)
{
    __asm__ volatile("cli" : : : "memory");
}

#endif
