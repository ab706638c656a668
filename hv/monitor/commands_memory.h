/*
 * commands_memory.h - the monitor's commands that look into a guest's memory; see the table in commands.c.
 */
#ifndef MONITOR_COMMANDS_MEMORY_H
#define MONITOR_COMMANDS_MEMORY_H

#include <stdint.h>

#include "monitor/line_words.h"

/* mem ID ADDRESS [COUNT]: bytes, as the guest kernel sees them; of a virtual PC, of its physical memory. */
void commands_memory_dump(const struct words *words, uint64_t now_ns);
/* walk ID ADDRESS: the guest's own entries for an address, and those that the processor goes by. */
void commands_memory_walk(const struct words *words, uint64_t now_ns);

#endif
