/*
 * event.h - interrupts and exceptions: the way through the guest's IDT (PURE).
 */
#ifndef VPC_X86_EVENT_H
#define VPC_X86_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "vpc/x86/interp.h"

struct event {
    uint8_t vector;
    bool is_software;           /* INT n, INT3, INTO: the gate's DPL counts, and errors do not say "external" */
    bool is_interrupt;          /* from outside: makes no double fault, whatever its vector */
    bool has_error;
    bool is_fault;              /* the saved EFLAGS get RF */
    uint32_t error;
};

/* The same, if all its ways are known: known_event.c. false: nothing has changed, and event_enter does it. */
bool event_enter_known(struct interp *interp, const struct event *event);

/* Begin one event at cpu.eip. false: the trouble on the way, with nothing changed. */
bool event_enter(struct interp *interp, struct event event);

/*
 * Begin it, or the fault on the way to it, or the double fault of both. false: shutdown, or a task gate; the trouble
 * says which. SDM vol. 3 "Double Fault Exception".
 */
bool event_deliver(struct interp *interp, struct event event);

#endif
