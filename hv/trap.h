/*
 * trap.h - why did the guest trap: entry.S asks trap.c, which answers and says whether the guest may go on at once.
 */
#ifndef TRAP_H
#define TRAP_H

#include <stdbool.h>

struct guest;

/*
 * What must be so before the guest's next instruction: a pending interrupt is delivered, EIP is inside the segment.
 * False: its turn is over (halted, ended, or printing faster than the serial line).
 */
bool trap_may_enter(struct guest *guest);

#endif
