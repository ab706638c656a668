/*
 * console_dump.h - final consoles as text on QEMU's debug console, for scripts/run --dump-console.
 */
#ifndef MONITOR_CONSOLE_DUMP_H
#define MONITOR_CONSOLE_DUMP_H

#include "io/vcon.h"

/*
 * Write one autorun's final console (docs/operator.md "Consoles as text"), blank when it never had one (NULL).
 * Elsewhere: nothing.
 */
void dump_console(unsigned number, const char *name, const struct vcon *console);

#endif
