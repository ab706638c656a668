/*
 * reference.c - HPET ("IA-PC HPET Specification"), PM timer (ACPI "Power Management Timer"), PIT channel 2 (8254).
 *
 * A clock whose rate is known, to measure the others by. In this order: the finer and the quicker to read first.
 * Firmware's tables are not believed: each must be seen counting before it is taken. All are read as counting up, with
 * a mask for where they wrap.
 */
#include "irq/reference.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/format.h"
#include "cpu/insn.h"

#define HPET_PERIOD_FS 0x004
#define HPET_CONFIGURATION 0x010
#define HPET_ENABLE 1u
#define HPET_LEGACY_REPLACEMENT 2u          /* it takes the interrupts of PIT and clock chip */
#define HPET_COUNTER 0x0F0
#define FEMTOSECONDS 1000000000000000ull
#define HPET_PERIOD_MAX_FS 100000000u       /* the specification's limit: 100 ns */
#define HPET_PERIOD_MIN_FS 1000000u         /* 1 GHz: ten times what there is */
#define PM_TIMER_HERTZ 3579545
#define PIT_HERTZ 1193182
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2 0x42
#define PIT_LATCH_CHANNEL2 0x80
#define PIT_CHANNEL2_RATE 0xB4              /* channel 2, both bytes, mode 2 */
#define PORT_B 0x61
#define PORT_B_GATE2 0x01
#define PORT_B_SPEAKER 0x02
#define READS_MAX 100           /* the slowest, the PIT, counts within 1 us, which is a few reads */

#define REFERENCES 3

static const char *const names[REFERENCES] = { "HPET", "ACPI PM timer", "PIT" };
static char verdicts[REFERENCES][32];
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

static void start_pit_reference(void)
{
    insn_outb(PORT_B, (uint8_t)((insn_inb(PORT_B) | PORT_B_GATE2) & ~PORT_B_SPEAKER));
    insn_outb(PIT_COMMAND, PIT_CHANNEL2_RATE);
    insn_outb(PIT_CHANNEL2, 0);             /* 0 counts as 65536 */
    insn_outb(PIT_CHANNEL2, 0);
}

static struct reference start_hpet(uint64_t physical, void *(*map_device)(uint64_t physical, uint64_t bytes))
{
    hpet = physical ? map_device(physical, 0x400) : NULL;
    uint32_t period_fs = hpet ? hpet[HPET_PERIOD_FS / 4] : 0;
    /* All ones, or a wild number: nothing decodes the address that the table gave. */
    if (period_fs < HPET_PERIOD_MIN_FS || period_fs > HPET_PERIOD_MAX_FS)
        return (struct reference){ 0 };
    /* Out of legacy replacement, in which it would raise the PIT's interrupt line in its place. */
    hpet[HPET_CONFIGURATION / 4] = (hpet[HPET_CONFIGURATION / 4] & ~HPET_LEGACY_REPLACEMENT) | HPET_ENABLE;
    return (struct reference){ names[0], read_hpet, 0xFFFFFFFF, FEMTOSECONDS / period_fs };
}

static struct reference start_pm(const struct acpi_facts *facts)
{
    pm_port = facts->pm_timer_port;
    if (!pm_port)
        return (struct reference){ 0 };
    return (struct reference){ names[1], read_pm, facts->pm_timer_32bit ? 0xFFFFFFFF : 0xFFFFFF,
                               PM_TIMER_HERTZ };
}

static bool counts(const struct reference *reference)
{
    if (reference->hertz == 0)
        return false;
    uint32_t first = reference->read() & reference->mask;
    for (unsigned i = 0; i < READS_MAX; i++)
        if ((reference->read() & reference->mask) != first)
            return true;
    return false;
}

/* found is taken if it counts. Says so either way. */
static bool take(struct reference *taken, unsigned index, struct reference found)
{
    const char *why = taken->hertz != 0 ? "not tried" : found.hertz == 0 ? "not there" : "stands still";

    if (taken->hertz == 0 && counts(&found)) {
        *taken = found;
        why = "chosen";
    }
    format_string(verdicts[index], sizeof(verdicts[index]), "%s: %s", names[index], why);
    return taken->hertz != 0;
}

struct reference reference_find(const struct acpi_facts *facts, void *(*map_device)(uint64_t physical, uint64_t bytes))
{
    const struct reference none = { 0 };
    struct reference taken = none;

    bool done = take(&taken, 0, start_hpet(facts->hpet, map_device));
    done = take(&taken, 1, done ? none : start_pm(facts));
    if (!done)
        start_pit_reference();
    take(&taken, 2, done ? none : (struct reference){ names[2], read_pit, 0xFFFF, PIT_HERTZ });
    return taken;
}

const char *reference_verdict(unsigned index)
{
    return index < REFERENCES ? verdicts[index] : NULL;
}
