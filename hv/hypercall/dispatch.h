/*
 * dispatch.h - the guest kernel's int $0xDE: the one way into the hypercalls.
 */
#ifndef HYPERCALL_DISPATCH_H
#define HYPERCALL_DISPATCH_H

#include <stdbool.h>

struct guest;

/*
 * Carry out the call that the guest's registers ask for: frame saved, frame.eip after the INT, mode guest kernel (user
 * mode cannot get here: the gate's DPL turns its INT into #GP). A bad call crashes the guest. The guest may have ended
 * on return. A virtual interrupt that the call unmasked is still pending: the run loop delivers it before it enters.
 */
void hypercall_dispatch(struct guest *guest);

/*
 * The guest's last call is not done: it was cut, so that others and interrupts get in between. It goes on before the
 * guest does, a piece a turn: nothing is delivered meanwhile, as the guest is still in its INT.
 */
bool hypercall_is_unfinished(const struct guest *guest);
/* The next piece, with the guest's address space loaded. The guest may have ended on return. */
void hypercall_go_on(struct guest *guest);

#endif
