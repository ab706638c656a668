/*
 * shell.h - console 0 as the operator sees it: a prompt with a line editor, and messages above it.
 */
#ifndef MONITOR_SHELL_H
#define MONITOR_SHELL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "io/console.h"

/* Make console 0 and show it. */
void shell_init(void);
struct console *shell_console(void);

/* Write one line, or several parted by '\n', above the prompt. */
void shell_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Blank the screen; the prompt goes to its first row. */
void shell_clear(void);

/* Do what was typed since the last call: edit, complete, run commands. */
void shell_pump(uint64_t now_ns);

/* No prompt, and no commands, until this is called with false; Ctrl-C does that, too. */
void shell_hold(bool hold);
bool shell_is_held(void);

#endif
