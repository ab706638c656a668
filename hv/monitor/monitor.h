/*
 * monitor.h - console 0: the operator's shell; and autorun, which is the same operator reading from a file.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <stdint.h>

#include "boot_info.h"

/* Make console 0, read cobble.cfg and the load options, say hello (or open the TAP stream). */
void monitor_init(const struct boot_info *info);

/*
 * Do what is due: typed commands, guests that ended, autoruns to start, TAP lines to write, time-outs, log lines to
 * show. Called by the run loop between turns of guests: at least every 10 ms, and at once when a guest ended.
 * Never blocks.
 */
void monitor_pump(uint64_t now_ns);

/* When monitor_pump wants to be called next even if nothing else happens (UINT64_MAX: never). */
uint64_t monitor_next_ns(uint64_t now_ns);

/* Length of a guest's timer tick: "tick" in cobble.cfg, else HV_TICK_MS. */
uint32_t monitor_tick_ms(void);

#endif
