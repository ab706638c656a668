/*
 * apic.c - SDM vol. 3 "Advanced Programmable Interrupt Controller (APIC)" (PURE).
 *
 * Nothing is taken as the firmware left it: it may have had timers running, an interrupt not finished with, or vectors
 * that mean something else here. Of the local sources only the timer and NMI are let through.
 */
#include "irq/apic.h"

#include "cpu/vectors.h"

#define REG_ID 0x20
#define REG_VERSION 0x30
#define REG_TASK_PRIORITY 0x80
#define REG_SPURIOUS 0xF0
#define REG_IN_SERVICE 0x100    /* eight registers of 32 vectors each */
#define REG_STRIDE 0x10
#define REG_LVT_CMCI 0x2F0
#define REG_LVT_TIMER 0x320
#define REG_LVT_THERMAL 0x330
#define REG_LVT_PERFORMANCE 0x340
#define REG_LVT_LINT0 0x350
#define REG_LVT_LINT1 0x360
#define REG_LVT_ERROR 0x370
#define REG_TIMER_CURRENT 0x390
#define REG_TIMER_DIVIDE 0x3E0

#define SPURIOUS_ENABLE 0x100u
#define LVT_MASKED (1u << 16)
#define LVT_DELIVER_NMI 0x400u
#define LVT_DELIVER_EXTINT 0x700u
#define DIVIDE_BY_1 0xB

static const struct apic_ops *ops;

/* Entries of the local vector table came one by one, and touching an absent one is #GP in x2APIC mode. */
static void mask_local_vectors(void)
{
    static const struct { unsigned reg, since; } entries[] = {
        { REG_LVT_LINT0, 3 }, { REG_LVT_ERROR, 3 }, { REG_LVT_PERFORMANCE, 4 }, { REG_LVT_THERMAL, 5 },
        { REG_LVT_CMCI, 6 },
    };
    unsigned highest = ops->read(REG_VERSION) >> 16 & 0xFF;     /* Max LVT Entry */

    for (unsigned i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        if (entries[i].since <= highest)
            ops->write(entries[i].reg, LVT_MASKED);
}

static uint32_t any_in_service(void)
{
    uint32_t any = 0;
    for (unsigned i = 0; i < VECTOR_COUNT / 32; i++)
        any |= ops->read(REG_IN_SERVICE + i * REG_STRIDE);
    return any;
}

void apic_init(const struct apic_ops *found, uint8_t timer_vector)
{
    ops = found;
    ops->write(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    mask_local_vectors();
    /* NMI: failing memory, or the board's NMI button; either way a panic tells more than silence. */
    ops->write(REG_LVT_LINT1, LVT_DELIVER_NMI);
    ops->write(APIC_REG_TIMER_INITIAL, 0);
    ops->write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
    ops->write(REG_LVT_TIMER, timer_vector);
    /* One that the firmware never finished with would hold back all of its priority and below. */
    for (unsigned i = 0; i < VECTOR_COUNT && any_in_service(); i++)
        apic_eoi();
    ops->write(REG_TASK_PRIORITY, 0);
}

void apic_let_pic_through(void)
{
    ops->write(REG_LVT_LINT0, LVT_DELIVER_EXTINT);
}

void apic_timer_start(uint32_t count)
{
    ops->write(APIC_REG_TIMER_INITIAL, count);
}

uint32_t apic_timer_left(void)
{
    return ops->read(REG_TIMER_CURRENT);
}

void apic_eoi(void)
{
    ops->write(APIC_REG_EOI, 0);     /* anything else is #GP in x2APIC mode */
}

volatile uint32_t *apic_memory(void)
{
    return ops->memory;
}

uint32_t apic_id(void)
{
    return ops->read(REG_ID) >> ops->id_shift;
}
