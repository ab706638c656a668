/*
 * idle_loop.h - is a guest in a loop that does nothing until an interrupt comes (PURE)?
 */
#ifndef GUEST_IDLE_LOOP_H
#define GUEST_IDLE_LOOP_H

#include <stdbool.h>

struct guest;

/*
 * The instructions from EIP on, followed for a few dozen steps without changing anything, come back to where they began
 * with every register and flag as it was, and store nothing that was not there. Then they do so for ever, but for an
 * interrupt: memory has no other writer. False: they do something, or it cannot be told. The guest is between two
 * turns; whether it takes interrupts is for the caller to ask.
 */
bool idle_loop_holds(const struct guest *guest);

#endif
