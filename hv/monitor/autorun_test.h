/*
 * autorun_test.h - one test of the plan, as autorun.c and its parts share it.
 */
#ifndef MONITOR_AUTORUN_TEST_H
#define MONITOR_AUTORUN_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/tapfmt.h"

struct autorun_snapshot;
struct guest;
struct match;

enum autorun_phase { PHASE_WAITING, PHASE_STARTING, PHASE_RUNNING, PHASE_ENDED, PHASE_REPORTED };

/* One test of the plan; its guest is kept until the whole plan has ended, for the dump and the picture. */
struct autorun_test {
    enum autorun_phase phase;
    unsigned alarm_index;           /* an alarm, of any test, in the heap of autorun_alarms.c: whose, and when */
    uint64_t alarm_ns;
    struct guest *guest;            /* NULL: not launched, or refused */
    uint64_t logged_bytes, dropped_rows;
    bool drops_told;
    unsigned last_rows_told;        /* rows of its last console, after rows were dropped */
    const char *report;             /* what is still to be told of the crash report */
    struct tapfmt_prefix prefix;    /* of its rows */
    struct autorun_snapshot *snapshot;  /* autorun_snapshot.h; NULL: its line wants none */
    struct match *match;            /* a frame of its own; NULL: neither rows nor console are judged */
};

#endif
