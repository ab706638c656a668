/*
 * judge.h - whether a test came out as its line expects, and the verdict for the stream.
 */
#ifndef MONITOR_JUDGE_H
#define MONITOR_JUDGE_H

#include <stdint.h>

#include "guest/guest.h"
#include "monitor/config.h"
#include "monitor/match.h"
#include "monitor/tapfmt.h"

/* What the last lines of the stream count. */
struct judge_tally {
    unsigned ok, not_ok, crashed;
    uint64_t started_ns;            /* when the plan began */
    uint64_t free_frames_before;    /* before the first launch, with those of USB devices */
};

/*
 * Write the verdict on test number (counted from 1) and count it. guest is NULL when it was refused, match when its
 * line judges neither rows nor console.
 */
void judge_write(struct tapfmt_buffer *buffer, unsigned number, const struct config_autorun *spec,
                 const struct guest *guest, const struct match *match, struct judge_tally *tally);

/*
 * When a guest's time is up by its own clock, if it waits no more from now on: no earlier, whatever it does.
 * UINT64_MAX: it has no limit.
 */
uint64_t judge_deadline_ns(const struct guest *guest, uint64_t now_ns);

#endif
