/*
 * debugger.h - gdb on the second serial line, for one guest: docs/operator.md "Debugging a guest".
 */
#ifndef MONITOR_DEBUGGER_H
#define MONITOR_DEBUGGER_H

#include <stdint.h>

/* The next guest of this name waits for gdb before its first instruction, if there is a second serial line. */
void debugger_init(const char *name);

/* Answer what came. Between turns of guests. */
void debugger_pump(void);

/* When to be called next; UINT64_MAX: never. */
uint64_t debugger_next_ns(uint64_t now_ns);

#endif
