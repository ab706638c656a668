/*
 * autorun_start.h - the guests of the plan, asked for one at a time.
 */
#ifndef MONITOR_AUTORUN_START_H
#define MONITOR_AUTORUN_START_H

#include <stdbool.h>

struct autorun_test;
struct config;

/* Once; tests: one for each autorun of the plan. */
void autorun_start_init(struct config *plan, struct autorun_test *tests);

/* Ask for guests whose turn it is, some of them a call. reported: so many tests have their verdict. */
void autorun_start_due(unsigned reported);

/* The last call left some, and nothing else holds them up. */
bool autorun_start_is_cut(void);

#endif
