/*
 * boot_phases.h - what the way from hand-off to the first guest instruction was spent on, in TSC cycles (PURE).
 *
 * Each lap belongs to one phase, and a phase may have several. It is told only when a plan starts a guest: a machine
 * that waits for its operator first has no such figure.
 */
#ifndef BASE_BOOT_PHASES_H
#define BASE_BOOT_PHASES_H

#include <stdbool.h>
#include <stdint.h>

enum boot_phase {
    BOOT_PHASE_CPU,         /* from the loader's jump: descriptors, features, serial port */
    BOOT_PHASE_FRAMES,      /* the frame allocator's records */
    BOOT_PHASE_TABLES,      /* the hypervisor's own page tables */
    BOOT_PHASE_CONSOLES,    /* framebuffer, console 0 */
    BOOT_PHASE_IRQ,         /* interrupt controllers, ways to switch off */
    BOOT_PHASE_CALIBRATION, /* waiting for the reference clock: kept apart from the sum */
    BOOT_PHASE_DEVICES,     /* ACPI's tables, PCI functions silenced; serial line, PS/2, their interrupts */
    BOOT_PHASE_MONITOR,     /* configuration, first prompt or head of the stream, finding the guest's image */
    BOOT_PHASE_LOAD,        /* launch.h */
    BOOT_PHASE_TURN,        /* drawing, scheduling, entering */
    BOOT_PHASES,
};

/* True until the first guest instruction, or until it is known that the figure means nothing. */
extern bool boot_phases_open;

/* TSC at the loader's first instruction and at its jump here. */
void boot_phases_begin(uint64_t loader_tsc, uint64_t handoff_tsc);

/* The time since the last lap, or the hand-off, was this phase's. Nothing once it is closed. */
void boot_phases_lap(enum boot_phase phase, uint64_t tsc);

/* The next instruction is a guest's: log the figures, and close. Nothing when closed. */
void boot_phases_end(uint64_t tsc);

/*
 * The machine counts instructions: what the firmware, its disk and calibration took is different each time, and not
 * told.
 */
void boot_phases_hide_firmware(void);

/* The machine waits for somebody: close, and tell nothing. */
static inline void boot_phases_cancel(void)
{
    boot_phases_open = false;
}

#endif
