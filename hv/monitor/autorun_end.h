/*
 * autorun_end.h - the end of a plan: the last picture, the dump, the last lines, then "after".
 */
#ifndef MONITOR_AUTORUN_END_H
#define MONITOR_AUTORUN_END_H

#include <stdbool.h>
#include <stdint.h>

#include "io/vcon.h"
#include "monitor/config.h"
#include "monitor/judge.h"

/*
 * Begin, when every verdict is in the stream. final_console gives the console of a test by index, or NULL;
 * release_guests gives back everything that guests still hold, after which frames are counted: some a call, true when
 * there are no more.
 */
void autorun_end_init(const struct config *plan, const struct judge_tally *tally,
                 const struct vcon *(*final_console)(unsigned index), bool (*release_guests)(void));

/* Do the next step, if it is due. False: all is done and the machine goes on with its monitor. */
bool autorun_end_pump(uint64_t now_ns);

/* How many consoles are dumped already, from the first on. */
unsigned autorun_end_dumped(void);

/* The last line is written: nothing may follow it. */
bool autorun_end_is_sealed(void);

/* When the next step is due; 0: at once. */
uint64_t autorun_end_next_ns(void);

#endif
