/*
 * platform.h - what the machine offers, found once: interrupts, time, power; the adapters between siblings that must
 * not know each other.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdbool.h>

#include "boot_info.h"

/* Read ACPI's tables and stop PCI devices, while the loader's page tables show where they are. */
void platform_silence(const struct boot_info *info);

/* Interrupt controllers and clock from ACPI, ways to switch off from ACPI and firmware. */
void platform_init(const struct boot_info *info);

/* USB keyboards; have_ps2: there is another controller for one. */
void platform_init_usb(bool have_ps2);

/* The serial line that firmware names, else one on a PCI card, where COM1 to COM4 have none. */
void platform_find_serial(void);

#endif
