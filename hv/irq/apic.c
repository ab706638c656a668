/*
 * apic.c - SDM vol. 3 "Advanced Programmable Interrupt Controller (APIC)": two ways to the same registers.
 */
#include "irq/apic.h"

#include <stddef.h>

#include "cpu/insn.h"
#include "cpu/x86.h"

#define REG_ID 0x20
#define REG_TASK_PRIORITY 0x80
#define REG_EOI 0xB0
#define REG_SPURIOUS 0xF0
#define REG_LVT_TIMER 0x320
#define REG_LVT_THERMAL 0x330
#define REG_LVT_PERFORMANCE 0x340
#define REG_LVT_LINT0 0x350
#define REG_LVT_LINT1 0x360
#define REG_LVT_ERROR 0x370
#define REG_TIMER_INITIAL 0x380
#define REG_TIMER_CURRENT 0x390
#define REG_TIMER_DIVIDE 0x3E0

#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)
#define APIC_BASE_ADDRESS 0x000FFFFFFFFFF000ull
#define SPURIOUS_ENABLE 0x1FF
#define LVT_MASKED (1u << 16)
#define LVT_DELIVER_NMI 0x400u
#define DIVIDE_BY_1 0xB
#define MSR_X2APIC 0x800u
#define CPUID_1_EDX_APIC (1u << 9)

struct apic_ops {
    uint32_t (*read)(unsigned reg);
    void (*write)(unsigned reg, uint32_t value);
};

static volatile uint32_t *registers;

static uint32_t xapic_read(unsigned reg)
{
    return registers[reg / 4];
}

static void xapic_write(unsigned reg, uint32_t value)
{
    registers[reg / 4] = value;
}

static uint32_t x2apic_read(unsigned reg)
{
    return (uint32_t)insn_rdmsr(MSR_X2APIC + reg / 16);
}

static void x2apic_write(unsigned reg, uint32_t value)
{
    insn_wrmsr(MSR_X2APIC + reg / 16, value);
}

static const struct apic_ops xapic_ops = { xapic_read, xapic_write };
static const struct apic_ops x2apic_ops = { x2apic_read, x2apic_write };
static const struct apic_ops *ops = &xapic_ops;

/* Firmware that left x2APIC on may have locked it: the mode is kept, never changed. */
static bool find_registers(void *(*map_device)(uint64_t physical, uint64_t bytes))
{
    uint32_t out[4];
    insn_cpuid(1, 0, out);
    if (!(out[3] & CPUID_1_EDX_APIC))
        return false;
    uint64_t base = insn_rdmsr(MSR_APIC_BASE);
    if (base & APIC_BASE_X2APIC) {
        ops = &x2apic_ops;
        return true;
    }
    insn_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    ops = &xapic_ops;
    registers = map_device(base & APIC_BASE_ADDRESS, 4096);
    return registers != NULL;
}

bool apic_init(uint8_t timer_vector, void *(*map_device)(uint64_t physical, uint64_t bytes))
{
    static const unsigned masked[] = { REG_LVT_THERMAL, REG_LVT_PERFORMANCE, REG_LVT_LINT0, REG_LVT_ERROR };

    if (!find_registers(map_device))
        return false;
    ops->write(REG_SPURIOUS, SPURIOUS_ENABLE);
    for (unsigned i = 0; i < sizeof(masked) / sizeof(masked[0]); i++)
        ops->write(masked[i], LVT_MASKED);
    /* NMI: failing memory, or the board's NMI button; either way a panic tells more than silence. */
    ops->write(REG_LVT_LINT1, LVT_DELIVER_NMI);
    ops->write(REG_TASK_PRIORITY, 0);
    ops->write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
    ops->write(REG_LVT_TIMER, timer_vector);
    ops->write(REG_EOI, 0);     /* one that the firmware had not finished with */
    return true;
}

void apic_timer_start(uint32_t count)
{
    ops->write(REG_TIMER_INITIAL, count);
}

uint32_t apic_timer_left(void)
{
    return ops->read(REG_TIMER_CURRENT);
}

void apic_eoi(void)
{
    ops->write(REG_EOI, 0);
}

uint32_t apic_id(void)
{
    uint32_t id = ops->read(REG_ID);
    return ops == &xapic_ops ? id >> 24 : id;
}
