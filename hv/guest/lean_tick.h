/*
 * lean_tick.h - what lean_tick.S knows of tick.c, as plain numbers; tick.c proves them.
 */
#ifndef GUEST_LEAN_TICK_H
#define GUEST_LEAN_TICK_H

#include "irq/apic.h"

/* Offsets in struct turn. */
#define TURN_TICK 0
#define TURN_OTHER 8
#define TURN_LEAN_WINDOW 16
#define TURN_PERIOD 24
#define TURN_EARLY 32
#define TURN_COUNT_PER_TSC 40
#define TURN_TICK_AT 48
#define TURN_PERIOD_NS 56
#define TURN_APIC 64
#define TURN_REVISION 72

/* Offsets in struct guest. */
#define LEAN_NOW 19024
#define LEAN_REVISION (LEAN_NOW + 8)
#define LEAN_VIRQ_COALESCED (LEAN_VIRQ_ENABLED + 1032)

#endif
