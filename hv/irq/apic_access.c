/*
 * apic_access.c - registers 16 bytes apart in memory, or one MSR each: SDM vol. 3 "Local APIC Register Address Map".
 */
#include "irq/apic_access.h"

#include <stddef.h>

#include "cpu/insn.h"
#include "cpu/x86.h"

#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)
#define APIC_BASE_ADDRESS 0x000FFFFFFFFFF000ull
#define APIC_BYTES 4096
#define MSR_X2APIC 0x800u
#define CPUID_1_EDX_APIC (1u << 9)

volatile uint32_t *xapic_registers;

static uint32_t xapic_read(unsigned reg)
{
    return xapic_registers[reg / 4];
}

static void xapic_write(unsigned reg, uint32_t value)
{
    xapic_registers[reg / 4] = value;
}

static uint32_t x2apic_read(unsigned reg)
{
    return (uint32_t)insn_rdmsr(MSR_X2APIC + reg / 16);
}

static void x2apic_write(unsigned reg, uint32_t value)
{
    insn_wrmsr(MSR_X2APIC + reg / 16, value);
}

static struct apic_ops xapic = { .read = xapic_read, .write = xapic_write, .id_shift = 24 };
static const struct apic_ops x2apic = { .read = x2apic_read, .write = x2apic_write, .id_shift = 0 };

/* Firmware that left x2APIC on may have locked it: the mode is kept, never changed. */
const struct apic_ops *apic_access_find(void *(*map_device)(uint64_t physical, uint64_t bytes))
{
    uint32_t out[4];
    insn_cpuid(1, 0, out);
    if (!(out[3] & CPUID_1_EDX_APIC))
        return NULL;
    uint64_t base = insn_rdmsr(MSR_APIC_BASE);
    if (base & APIC_BASE_X2APIC)
        return &x2apic;
    insn_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    xapic_registers = map_device(base & APIC_BASE_ADDRESS, APIC_BYTES);
    xapic.memory = xapic_registers;
    return xapic_registers ? &xapic : NULL;
}
