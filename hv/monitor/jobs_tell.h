/*
 * jobs_tell.h - what the monitor's console says of a guest that the operator started (PURE).
 */
#ifndef MONITOR_JOBS_TELL_H
#define MONITOR_JOBS_TELL_H

#include <stdbool.h>

#include "guest/guest.h"

/* "running", "paused", "exit 77", ...: a guest's state in at most 31 characters. */
void jobs_describe(const struct guest *guest, char text[32]);

/* What it said by its debug print since it was asked last; takes all rows that its log has. */
void jobs_tell_debug(struct guest *guest);

/*
 * How it ended, with its report; if it was watched, behind what it wrote last, each row behind "| ", so that this can
 * be read after the view went back to the monitor.
 */
void jobs_tell_end(const struct guest *guest, bool is_watched);

#endif
