/*
 * console.h - the keyboard's one queue, whose turn it is to read it, and what the kernel prints.
 */
#ifndef PEBBLES_CONSOLE_H
#define PEBBLES_CONSOLE_H

#include <stdint.h>

#include "thread.h"

/* From the keyboard slot: one key word of the hypervisor. */
void console_key(uint32_t word);

/* One character without echo; waits. */
char console_getchar(void);

/* A line, echoed and edited, at most bytes of it; the rest is for the next reader. Waits. */
uint32_t console_readline(char *to, uint32_t bytes);

/* A thread ends: if it was its turn to read, it is somebody else's. */
void console_forget(const struct thread *thread);

/* One short line, at most 127 characters, on any stack. */
void console_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
