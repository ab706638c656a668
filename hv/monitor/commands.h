/*
 * commands.h - the monitor's commands, in one table.
 */
#ifndef MONITOR_COMMANDS_H
#define MONITOR_COMMANDS_H

#include <stdint.h>

#include "monitor/line_words.h"

/* What a command's first argument is, for Tab. */
enum commands_argument { COMMANDS_NOTHING, COMMANDS_IMAGE, COMMANDS_GUEST, COMMANDS_LEVEL, COMMANDS_COMMAND };

/* Run a line as typed; what is wrong with it is printed. */
void commands_run(const char *line, uint64_t now_ns);

/* Call offer with every command's name. */
void commands_offer(void (*offer)(const char *name));
/* What follows a command's name; COMMANDS_NOTHING for an unknown one. */
enum commands_argument commands_argument(const char *name);

#endif
