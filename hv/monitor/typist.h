/*
 * typist.h - types texts to guests, as type=, "type" lines and scripts/run --type ask for.
 */
#ifndef MONITOR_TYPIST_H
#define MONITOR_TYPIST_H

#include <stdint.h>

#include "guest/guest.h"
#include "io/console.h"
#include "monitor/config.h"

/* config stays the caller's and must live on. */
void typist_init(const struct config *config);

/* A guest was launched; autorun is its number in the plan, or -1. That counts as typing to it. */
void typist_launched(const struct guest *guest, int autorun, uint64_t now_ns);

/* The guest, which was launched just now, waits for a key: what is typed to it first is typed at once. */
void typist_waits(const struct guest *guest);

/* Type the texts of lines "type monitor" to the monitor, as fast as it takes them. */
void typist_type_to_monitor(struct console *monitor);

/* Type what is due. */
void typist_pump(uint64_t now_ns);

/* When something may be due; UINT64_MAX: never. */
uint64_t typist_next_ns(void);

#endif
