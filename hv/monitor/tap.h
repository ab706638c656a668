/*
 * tap.h - the TAP stream on the serial line: lines go in whole, and out as fast as the line takes them.
 */
#ifndef MONITOR_TAP_H
#define MONITOR_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor/tapfmt.h"

/* Take the serial line for the stream and write the version line, the plan and the banner. */
void tap_open(unsigned planned);
bool tap_is_open(void);

/*
 * Where to put the next lines: a buffer with at least room_bytes free (at most TAPFMT_VERDICT_BYTES), or NULL while the
 * line is too far behind. What is put there is sent in one piece.
 */
struct tapfmt_buffer *tap_take_buffer(size_t room_bytes);

/* Bytes of lines that were put there so far. */
uint64_t tap_count(void);

/* Move lines to the serial line while it takes them without waiting. True while some are left. */
bool tap_pump(void);

/* Give the serial line back, after tap_pump said that nothing is left. */
void tap_close(void);

#endif
