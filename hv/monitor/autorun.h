/*
 * autorun.h - run the tests of a plan, judge how each ended, and tell it as TAP.
 */
#ifndef MONITOR_AUTORUN_H
#define MONITOR_AUTORUN_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/config.h"

/*
 * Open the stream for this plan (at least one autorun). config stays the caller's and must live on; its refusals are
 * filled in.
 */
void autorun_init(struct config *config, const char *loader_notes);

/* Do what is due. False: the stream is complete, sent, and "after monitor" was asked for; do not call again. */
bool autorun_pump(uint64_t now_ns);

/* When a time-out or a wait ends, as far as can be told now; UINT64_MAX: none is running. */
uint64_t autorun_next_ns(uint64_t now_ns);

/*
 * Write the consoles of a plan that will not come to its end, for --dump-console: from an NMI, in any state of the
 * machine. What autorun_end.c has dumped by itself is not written again.
 */
void autorun_dump_now(void);

#endif
