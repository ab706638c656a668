/*
 * jobs.h - the guests that the operator started: how they end, and how long ended ones are kept.
 */
#ifndef MONITOR_JOBS_H
#define MONITOR_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/guest.h"
#include "monitor/equip.h"

/* How a guest is started. */
struct jobs_options {
    uint32_t memory_bytes;
    bool watched;           /* its console is shown until it ends */
    struct equip equip;     /* of a virtual PC: its texts last until it is started */
    struct family_rights rights;    /* to start guests */
    bool strict;            /* mistakes that would stay silent end it */
    bool trace;             /* what it does is recorded */
    bool debug_print;       /* the simulator's debug print is shown on the monitor's console */
};

/* What holds when a command says nothing else; debug_print and trace are from cobble.cfg. */
void jobs_init(bool debug_print, bool trace);
struct jobs_options jobs_defaults(void);

/* Ask for a guest by its image's name. It comes, or what is wrong is printed, before the next line is read. */
void jobs_start(const char *name, const struct jobs_options *options);

/* Take over a guest that another one started. True: it is the operator's now; else what is wrong is printed. */
bool jobs_adopt(struct guest *guest);
/*
 * Ask for a copy of a guest, as clone and snapshot do; name NULL: as the guest's own. It comes, or what is wrong is
 * printed, before the next line is read.
 */
void jobs_clone(struct guest *source, const char *name, bool is_snapshot);

/* One that was asked for has not come yet. */
bool jobs_is_starting(void);

/* How a guest was started; memory_bytes is 0 for one that the operator did not start. */
struct jobs_options jobs_options(uint32_t id);

/* Keep the prompt back until this guest has ended. */
void jobs_wait(uint32_t id);

/* Announce guests that ended; give back the oldest of many ended ones. */
void jobs_pump(void);

/* "running", "paused", "exit 77", ...: a guest's state in at most 31 characters. */
void jobs_describe(const struct guest *guest, char text[32]);

#endif
