/*
 * jobs.h - the guests that the operator started: how they end, and how long ended ones are kept.
 */
#ifndef MONITOR_JOBS_H
#define MONITOR_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/guest.h"

/*
 * Start a guest by its image's name. Watched: its console is shown until it ends. What is wrong is printed, and the
 * result is then NULL.
 */
struct guest *jobs_start(const char *name, uint32_t memory_bytes, bool watched, uint64_t now_ns);

/* The RAM a guest was started with; 0 for one that the operator did not start. */
uint32_t jobs_memory_bytes(uint32_t id);

/* Keep the prompt back until this guest has ended. */
void jobs_wait(uint32_t id);

/* Announce guests that ended; give back the oldest of many ended ones. */
void jobs_pump(void);

/* "running", "paused", "exit 77", ...: a guest's state in at most 31 characters. */
void jobs_describe(const struct guest *guest, char text[32]);

#endif
