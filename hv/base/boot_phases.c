/*
 * boot_phases.c - laps from hand-off to the first guest instruction, and the two lines that tell them (PURE).
 */
#include "base/boot_phases.h"

#include "base/log.h"

bool boot_phases_open;

static uint64_t begun, loader, last;
static uint64_t spent[BOOT_PHASES];
static bool hides_firmware;

void boot_phases_begin(uint64_t loader_tsc, uint64_t handoff_tsc)
{
    loader = handoff_tsc - loader_tsc;
    begun = last = handoff_tsc;
    for (unsigned i = 0; i < BOOT_PHASES; i++)
        spent[i] = 0;
    boot_phases_open = true;
}

void boot_phases_lap(enum boot_phase phase, uint64_t tsc)
{
    if (!boot_phases_open)
        return;
    spent[phase] += tsc - last;
    last = tsc;
}

static unsigned long long cycles(enum boot_phase phase)
{
    return spent[phase];
}

void boot_phases_hide_firmware(void)
{
    hides_firmware = true;
}

/* scripts/bench reads these lines. */
void boot_phases_end(uint64_t tsc)
{
    if (!boot_phases_open)
        return;
    boot_phases_lap(BOOT_PHASE_TURN, tsc);
    boot_phases_open = false;
    if (hides_firmware)
        log_figure("boot: %llu cycles from hand-off to the first guest, without calibration",
                   (unsigned long long)(tsc - begun) - cycles(BOOT_PHASE_CALIBRATION));
    else
        log_figure("boot: hand-off at TSC %llu; cycles: loader %llu, calibration %llu, all else to the first guest "
                   "%llu", (unsigned long long)begun, (unsigned long long)loader, cycles(BOOT_PHASE_CALIBRATION),
                   (unsigned long long)(tsc - begun) - cycles(BOOT_PHASE_CALIBRATION));
    log_figure("boot: of that cpu %llu, frames %llu, page tables %llu, consoles %llu, interrupts %llu, devices %llu, "
               "monitor %llu, guest load %llu, first turn %llu", cycles(BOOT_PHASE_CPU), cycles(BOOT_PHASE_FRAMES),
               cycles(BOOT_PHASE_TABLES), cycles(BOOT_PHASE_CONSOLES), cycles(BOOT_PHASE_IRQ),
               cycles(BOOT_PHASE_DEVICES), cycles(BOOT_PHASE_MONITOR), cycles(BOOT_PHASE_LOAD),
               cycles(BOOT_PHASE_TURN));
}
