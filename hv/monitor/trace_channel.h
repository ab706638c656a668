/*
 * trace_channel.h - traces on a channel of their own, for scripts/run --trace: a second debug console of QEMU.
 *
 * No guest can write there, and the stream on the serial line has nothing of it. Elsewhere nothing happens.
 */
#ifndef MONITOR_TRACE_CHANNEL_H
#define MONITOR_TRACE_CHANNEL_H

#include <stdbool.h>

struct guest;

/* Is it there? Once. */
void trace_channel_init(void);

/* Send a piece of what guests that ended have left. Bound: all guests, and some 100 records. */
void trace_channel_pump(void);
/* Some of it is still to be sent. */
bool trace_channel_waits(void);

/* Send all of all guests, whatever they do: the machine ends. */
void trace_channel_send_all(void);

#endif
