/*
 * dispatch.h - the guest kernel's int $0xDE: the one way into the hypercalls.
 */
#ifndef HYPERCALL_DISPATCH_H
#define HYPERCALL_DISPATCH_H

struct guest;

/*
 * Carry out the call that the guest's registers ask for: frame saved, frame.eip after the INT, mode guest kernel (user
 * mode cannot get here: the gate's DPL turns its INT into #GP). A bad call crashes the guest. The guest may have ended
 * on return. A virtual interrupt that the call unmasked is still pending: the run loop delivers it before it enters.
 */
void hypercall_dispatch(struct guest *guest);

#endif
