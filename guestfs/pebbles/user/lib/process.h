/*
 * process.h - starting and collecting children.
 */
#ifndef USER_PROCESS_H
#define USER_PROCESS_H

#include "pebbles.h"

#define STATUS_NO_PROGRAM 127           /* of a child whose exec failed */

/* fork and exec: the child's number. */
int process_start(const char *const argv[]);

/* The same; should it be a guest kernel, it does not take keyboard and screen. */
int process_start_background(const char *const argv[]);

/* fork; the child runs body(argument) and ends with what it returns. */
int process_fork(int (*body)(int), int argument);

/* Wait until this child ends, dropping others that end before; its status. tid < 0: returned as it is. */
int process_wait(int tid);

/* Both. */
int process_run(const char *const argv[]);
int process_call(int (*body)(int), int argument);

#endif
