/*
 * reference.c - HPET ("IA-PC HPET Specification"), PM timer (ACPI "Power Management Timer"), PIT channel 2 (8254).
 */
#include "irq/reference.h"

#include <stddef.h>

#include "cpu/insn.h"

#define HPET_PERIOD_FS 0x004
#define HPET_CONFIGURATION 0x010
#define HPET_ENABLE 1u
#define HPET_COUNTER 0x0F0
#define FEMTOSECONDS 1000000000000000ull
#define HPET_PERIOD_MAX_FS 100000000u       /* the specification's limit: 100 ns */
#define PM_TIMER_HERTZ 3579545
#define PIT_HERTZ 1193182
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2 0x42
#define PIT_LATCH_CHANNEL2 0x80
#define PIT_CHANNEL2_RATE 0xB4              /* channel 2, both bytes, mode 2 */
#define PORT_B 0x61
#define PORT_B_GATE2 0x01
#define PORT_B_SPEAKER 0x02

static volatile uint32_t *hpet;
static uint16_t pm_port;

static uint32_t read_hpet(void)
{
    return hpet[HPET_COUNTER / 4];
}

static uint32_t read_pm(void)
{
    return insn_inl(pm_port);
}

/* It counts down; counting up is what the others do. */
static uint32_t read_pit(void)
{
    insn_outb(PIT_COMMAND, PIT_LATCH_CHANNEL2);
    uint32_t low = insn_inb(PIT_CHANNEL2);
    return (0u - (low | (uint32_t)insn_inb(PIT_CHANNEL2) << 8)) & 0xFFFF;
}

static void start_pit(void)
{
    insn_outb(PORT_B, (uint8_t)((insn_inb(PORT_B) | PORT_B_GATE2) & ~PORT_B_SPEAKER));
    insn_outb(PIT_COMMAND, PIT_CHANNEL2_RATE);
    insn_outb(PIT_CHANNEL2, 0);             /* 0 counts as 65536 */
    insn_outb(PIT_CHANNEL2, 0);
}

struct reference reference_find(const struct acpi_facts *facts, void *(*map_device)(uint64_t physical, uint64_t bytes))
{
    hpet = facts->hpet ? map_device(facts->hpet, 0x400) : NULL;
    uint32_t period_fs = hpet ? hpet[HPET_PERIOD_FS / 4] : 0;
    if (period_fs != 0 && period_fs <= HPET_PERIOD_MAX_FS) {
        hpet[HPET_CONFIGURATION / 4] |= HPET_ENABLE;
        return (struct reference){ "HPET", read_hpet, 0xFFFFFFFF, FEMTOSECONDS / period_fs };
    }
    pm_port = facts->pm_timer_port;
    if (pm_port)
        return (struct reference){ "ACPI PM timer", read_pm, facts->pm_timer_32bit ? 0xFFFFFFFF : 0xFFFFFF,
                                   PM_TIMER_HERTZ };
    start_pit();
    return (struct reference){ "PIT", read_pit, 0xFFFF, PIT_HERTZ };
}
