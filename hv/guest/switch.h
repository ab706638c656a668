/*
 * switch.h - which guest's address space and FPU state a processor holds.
 */
#ifndef GUEST_SWITCH_H
#define GUEST_SWITCH_H

#include <stdbool.h>

struct guest;
struct processor;

/* Make this guest's state the processor's. One CR3 write when another's was loaded, nothing otherwise. */
void switch_to(struct processor *processor, struct guest *guest);

/* Bring home what of a loaded guest's state is in its processor: its FPU state. It stays loaded. */
void switch_save(struct guest *guest);

/* Its address space is about to go: if it is its processor's, load the empty one. */
void switch_forget(struct guest *guest);

#endif
