/*
 * match_start.h - the memory of a judged autorun, and the file with the console that it must leave.
 */
#ifndef MONITOR_MATCH_START_H
#define MONITOR_MATCH_START_H

#include <stdbool.h>

#include "monitor/match.h"

/*
 * Have rows and console judged if this line asks for it, in a frame that match_release gives back; else *match stays
 * NULL. False: that cannot be, and why is in reason (GUEST_REASON_BYTES).
 */
bool match_start(struct match **match, const struct config *config, const struct config_autorun *autorun,
                 char *reason);
void match_release(struct match **match);

#endif
