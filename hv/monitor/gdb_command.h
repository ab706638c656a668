/*
 * gdb_command.h - gdb's "monitor COMMAND" for the guest that it debugs.
 */
#ifndef MONITOR_GDB_COMMAND_H
#define MONITOR_GDB_COMMAND_H

#include <stddef.h>

/* Carry out a line; text (bytes > 0) gets lines that end with '\n', cut where they do not fit. */
void gdb_command(const char *line, char *text, size_t bytes);

#endif
