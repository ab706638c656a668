/*
 * autorun_tell.h - what the stream says of the plan between its first line and its last: rows, reports, verdicts, the
 * log.
 *
 * Nothing here waits for the serial line: what has no room is left, and told when it is asked for again.
 */
#ifndef MONITOR_AUTORUN_TELL_H
#define MONITOR_AUTORUN_TELL_H

#include <stdbool.h>

struct autorun_test;
struct config_autorun;
struct judge_tally;

/* Lines of text as comments with this prefix; what has no room is lost. */
void autorun_tell_notes(const char *prefix, const char *text);

/* Lines of the hypervisor's log, some of them. True: there may be more, and room for them. */
bool autorun_tell_log(void);

/* Rows that a guest's log holds, some of them. True: none is left. */
bool autorun_tell_rows(struct autorun_test *test, const struct config_autorun *spec);

/* All else of a test that ended, its verdict last, as that of this number. True: it is in the stream. */
bool autorun_tell_end(struct autorun_test *test, const struct config_autorun *spec, unsigned number,
                      struct judge_tally *tally);

#endif
