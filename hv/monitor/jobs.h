/*
 * jobs.h - the guests that the operator started, and how long ended ones are kept.
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
    struct equip equip;     /* of a virtual PC: its texts last until jobs_start returns */
    struct family_rights rights;    /* to start guests */
    bool strict;            /* mistakes that would stay silent end it */
    bool trace;             /* what it does is recorded */
    bool debug_print;       /* the simulator's debug print is shown on the monitor's console */
    uint32_t snapshot;      /* the one that it began from, or a guest that it is a clone of did; 0: its image */
};

/* What holds when a command says nothing else; debug_print and trace are from cobble.cfg. */
void jobs_init(bool debug_print, bool trace);
struct jobs_options jobs_defaults(void);

/*
 * Ask for a guest by the name of its image, or of a snapshot; as: what it is called, NULL: the same. It comes, or what
 * is wrong is printed, before the next line is read.
 */
void jobs_start(const char *name, const char *as, const struct jobs_options *options);

/*
 * End a guest and ask for it anew, from what it began from and under the name that it has, which may be no image's.
 * What is in the way is printed, and then it goes on.
 */
void jobs_restart(struct guest *guest);

/* Keep the rows that will scroll off a new guest's console: frames, taken as they scroll while there are many. */
void jobs_keep_rows(struct guest *guest);

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

#endif
