/*
 * autorun_snapshot.h - snapshot=NAME: a guest of the plan is copied when it first waits for a key, and autoruns of that
 * name begin from the copy. docs/operator.md "One boot for many tests".
 *
 * What waits for a key is not known of any kernel: it is taken for that when it has a handler for keys, and has slept
 * for a while and printed nothing. Its own texts are typed behind that moment.
 */
#ifndef MONITOR_AUTORUN_SNAPSHOT_H
#define MONITOR_AUTORUN_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

struct autorun_snapshot;
struct autorun_test;
struct config;

/* A test's guest is there, and its line wants a snapshot. False: no memory. */
bool autorun_snapshot_begin(struct autorun_test *test, const char *name, unsigned index, uint64_t now_ns);

/* Ask for the copy if it is time. Of a test without, nothing. */
void autorun_snapshot_look(struct autorun_test *test, uint64_t now_ns);
/* When to look again; UINT64_MAX: never. */
uint64_t autorun_snapshot_next_ns(const struct autorun_test *test);

/* The copy was asked for and is not there yet. */
bool autorun_snapshot_is_asked(const struct autorun_test *test);

/* A test before this one may still make the snapshot that this one is of. Bound: the tests before it. */
bool autorun_snapshot_is_coming(const struct config *plan, const struct autorun_test *tests, unsigned index);

/* The copy ends. */
void autorun_snapshot_release(struct autorun_test *test);

#endif
