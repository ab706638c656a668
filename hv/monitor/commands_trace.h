/*
 * commands_trace.h - the monitor's command trace; see the table in commands.c.
 */
#ifndef MONITOR_COMMANDS_TRACE_H
#define MONITOR_COMMANDS_TRACE_H

#include <stdint.h>

#include "monitor/line_words.h"

void commands_trace(const struct words *words, uint64_t now_ns);

#endif
