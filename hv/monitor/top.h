/*
 * top.h - the monitor's command top: who uses the processor, and for what, a picture a second.
 */
#ifndef MONITOR_TOP_H
#define MONITOR_TOP_H

#include <stdint.h>

/* Show it on console 0 in place of the prompt. */
void top_begin(uint64_t now_ns);

/* A character that was typed meanwhile: q and its like end it, anything else shows the next picture at once. */
void top_key(uint8_t character, uint64_t now_ns);

/* The next picture, if it is due and anybody sees it. */
void top_pump(uint64_t now_ns);
uint64_t top_next_ns(void);

#endif
