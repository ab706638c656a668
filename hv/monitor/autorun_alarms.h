/*
 * autorun_alarms.h - when the plan has to look at which test for its time-out's or its snapshot's sake (PURE).
 *
 * A heap, so that thousands that only run cost a look nothing. An alarm may be too early, for a guest's clock stands
 * still while it waits: whoever finds it so moves it. It is never too late.
 */
#ifndef MONITOR_AUTORUN_ALARMS_H
#define MONITOR_AUTORUN_ALARMS_H

#include <stdint.h>

struct autorun_test;

/* tests: the plan's, whose alarm_ fields are for this file. Forgets all alarms. */
void autorun_alarms_init(struct autorun_test *tests);

/* The alarm of a test, which has none so far. Bound, also below: two tests of each power of two that there are. */
void autorun_alarms_add(unsigned index, uint64_t at_ns);

/* When the first is due, and of which test; UINT64_MAX: there is none. */
uint64_t autorun_alarms_first(unsigned *index);

/* The first, of which there is one, is due no earlier than that; UINT64_MAX: never. */
void autorun_alarms_delay_first(uint64_t at_ns);

#endif
