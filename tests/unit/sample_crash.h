/*
 * sample_crash.h - the crash that the tests of reports begin with.
 */
#ifndef SAMPLE_CRASH_H
#define SAMPLE_CRASH_H

#include "guest/report_text.h"

extern struct trap_frame frame;
extern struct guest_events events;
extern struct report_facts facts;       /* of the two above */

/* For cmocka: a guest kernel with a good stack, paging off, nothing handled, that divided by zero. */
int sample_crash(void **state);

#endif
