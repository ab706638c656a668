/*
 * pebbles.h - the system calls as C functions (calls.S makes them from the list in pebbles/syscalls.h), and the rest of
 * what programs include.
 *
 * Results are negative (PEBBLES_ERROR_*) on failure. What each call means: the published Pebbles kernel specification.
 */
#ifndef USER_PEBBLES_H
#define USER_PEBBLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pebbles/abi.h"
#include "pebbles/syscalls.h"
#include "print.h"
#include "string.h"

/* Returns twice: the child's thread number to the parent, 0 to the child. */
int fork(void);

/* Returns only on failure. argv ends with NULL. */
int exec(const char *name, const char *const argv[]);

/* Waits for any child to end: its first thread's number. status may be NULL. No children: an error. */
int wait(int *status);

void set_status(int status);
_Noreturn void vanish(void);                    /* this thread */
_Noreturn void task_vanish(int status);         /* all threads */

int gettid(void);
int yield(int tid);                             /* -1: to anybody */
int deschedule(const volatile int *reject);     /* returns at once unless *reject is 0 */
int make_runnable(int tid);
int sleep(int ticks);
int get_ticks(void);                            /* since the start, PEBBLES_TICK_MS each */
int misbehave(int mode);

/* Returns twice, both times on the same stack: only for assembly. thread.h has thread_start. */
int thread_fork(void);

int new_pages(void *base, int bytes);
int remove_pages(void *base);

/*
 * From now on the next exception of this thread enters handler(argument, ureg) on the stack below esp3; either of the
 * first two NULL: none does. newureg not NULL: go on with these registers.
 */
int swexn(void *esp3, pebbles_handler *handler, void *argument, const ureg_t *newureg);

int getchar(void);
int readline(int bytes, char *buffer);          /* bytes stored, with the '\n' if it fits; no NUL */
int print(int bytes, const char *text);
int set_term_color(int color);
int set_cursor_pos(int row, int column);
int get_cursor_pos(int *row, int *column);

/*
 * End a process below this one, by its first thread, as an exception would. What this process becomes by exec, if that
 * is a guest kernel, leaves keyboard and screen where they are. Give them to a guest kernel; 0: take them back.
 */
int kill(int tid);
int background(int on);
int view(int tid);

/* Bytes stored. File PEBBLES_FILE_LIST: the names of all files; PEBBLES_IMAGE_LIST: of all guest kernels. */
int readfile(const char *name, char *buffer, int bytes, int offset);

/* Ends the whole guest. */
_Noreturn void halt(int status);

/* The stack that the kernel says it gave to the first thread. */
extern char *main_stack_high, *main_stack_low;

#endif
