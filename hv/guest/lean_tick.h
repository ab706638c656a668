/*
 * lean_tick.h - what lean_tick.S knows of tick.c, as plain numbers; tick.c proves them.
 */
#ifndef GUEST_LEAN_TICK_H
#define GUEST_LEAN_TICK_H

#include "irq/apic.h"

/* Offsets in struct processor, of its turn. */
#define TURN 0xC008
#define TURN_TICK TURN
#define TURN_OTHER (TURN + 8)
#define TURN_LEAN_WINDOW (TURN + 16)
#define TURN_PERIOD (TURN + 24)
#define TURN_EARLY (TURN + 32)
#define TURN_COUNT_PER_TSC (TURN + 40)
#define TURN_TICK_AT (TURN + 48)
#define TURN_PERIOD_NS (TURN + 56)
#define TURN_APIC (TURN + 64)
#define TURN_REVISION (TURN + 72)

/* Offsets in struct guest. */
#define LEAN_PROCESSOR 4320
#define LEAN_NOW 18296
#define LEAN_REVISION (LEAN_NOW + 8)
#define LEAN_VIRQ_COALESCED (LEAN_VIRQ_ENABLED + 1032)

#endif
