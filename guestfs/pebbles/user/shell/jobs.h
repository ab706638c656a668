/*
 * jobs.h - the shell's children. A second thread collects them as they end, so that the shell knows without waiting.
 */
#ifndef SHELL_JOBS_H
#define SHELL_JOBS_H

#include "words.h"

/* False: no memory for the second thread, so nothing can be run. */
bool jobs_boot(void);

/* Run a program. In the foreground: its status when it has ended; in the background: 0 at once. < 0: error. */
int jobs_run(const struct command *command);

/* Wait for a job by its number, with keyboard and screen if it is a guest kernel: its status. End one: 0, or 1. */
int jobs_foreground(int tid);
int jobs_kill(int tid);

/* Say how jobs ended that nobody waited for; list those that run. */
void jobs_report(void);
void jobs_list(void);

#endif
