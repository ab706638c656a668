/*
 * shell.h - console 0 as the operator uses it: a prompt with a line editor. What it shows is shell_output.h's.
 */
#ifndef MONITOR_SHELL_H
#define MONITOR_SHELL_H

#include <stdbool.h>
#include <stdint.h>

/* Make console 0 and show it. */
void shell_init(void);

/* Do what was typed since the last call: edit, complete, run a command. What was typed behind that waits. */
void shell_pump(uint64_t now_ns);

/* Is something left for the next call, which can be done now? */
bool shell_waits(void);

#endif
