/*
 * calls.h - one function per hypercall of HV_CALLS and HV_CONTROL_CALLS in pebpeb.h: call_NAME(guest, its argument
 * words).
 *
 * The words are a copy, so the guest's memory cannot change between check and use. Bad input goes to call_crash.
 */
#ifndef HYPERCALL_CALLS_H
#define HYPERCALL_CALLS_H

#include <stdint.h>

#include "pebpeb.h"

struct guest;

#define X(number, NAME, name, words) void call_##name(struct guest *guest, const uint32_t *arguments);
HV_CALLS(X)
HV_CONTROL_CALLS(X)
#undef X

/* The next piece of a call that was cut, while guest->state.unfinished has some left. A print may end the guest. */
void call_print_on(struct guest *guest);        /* call_console.c */
void call_give_back_on(struct guest *guest);    /* call_give_back.c */

/* How many bytes a piece of a print renders, with those that waited. Tests try others, more than what waits. */
extern uint32_t call_print_bytes;

/* call_control.c: what a control call returns. */
void call_answer(struct guest *guest, int32_t value);
/*
 * What was asked for is done between two turns, so this one ends here. Then nothing has to look for requests while
 * guests run.
 */
void call_stand_back(struct guest *guest);

/* call_crash.c: end the guest with a sentence for its author; the report then shows the INT, not what follows it. */
void call_crash(struct guest *guest, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
