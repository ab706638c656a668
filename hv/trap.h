/*
 * trap.h - why did the guest come back: one function that decides, and the one for traps of the hypervisor itself.
 */
#ifndef TRAP_H
#define TRAP_H

#include <stdbool.h>

struct guest;

/*
 * Deal with the trap that ended the guest's turn of switch_enter: answer the hypercall, deliver the exception,
 * acknowledge the host interrupt. True: the guest may go on at once if it is still GUEST_READY; false: a host interrupt
 * came, the run loop must look around first.
 */
bool trap_handle(struct guest *guest);

#endif
