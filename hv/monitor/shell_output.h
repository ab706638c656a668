/*
 * shell_output.h - what console 0 shows: messages, and below them the prompt with the line that is typed.
 */
#ifndef MONITOR_SHELL_OUTPUT_H
#define MONITOR_SHELL_OUTPUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "io/console.h"
#include "monitor/lineedit.h"

/* Console 0. Its keys are shell.c's. */
struct console *shell_console(void);

/* Write one line, or several parted by '\n', above the prompt. Long ones are broken at blanks. */
void shell_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Write a text of any length, as a report is: one line after the other. */
void shell_print_lines(const char *text);

/* Blank the screen; the prompt goes to its first row. */
void shell_clear(void);

/*
 * From here to its end console 0 shows a picture instead of a prompt, and messages are not for it: who has some that
 * can wait keeps them.
 */
void shell_begin_picture(void);
void shell_end_picture(void);
bool shell_shows_picture(void);
/* One row of a picture: it replaces what is there, and the cursor stands below it. Longer ones are cut. */
void shell_show_row(unsigned row, uint8_t attribute, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* No prompt, and no commands, until this is called with false; Ctrl-C does that, too. */
void shell_hold(bool hold);
bool shell_is_held(void);

/* Draw the prompt with this line, unless it is there as it is, or held back. */
void shell_show_prompt(const struct lineedit *edit);
bool shell_prompt_is_shown(void);
/* The line stays as it stands; what comes next is written below it. */
void shell_leave_prompt(const struct lineedit *edit);

#endif
