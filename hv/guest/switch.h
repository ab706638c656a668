/*
 * switch.h - which guest's address space and FPU state the processor holds.
 */
#ifndef GUEST_SWITCH_H
#define GUEST_SWITCH_H

#include <stdbool.h>

struct guest;

/* Make this guest's state the processor's. One CR3 write when another's was loaded, nothing otherwise. */
void switch_to(struct guest *guest);

/* Bring home what of the loaded guest's state is in the processor: its FPU state. It stays loaded. */
void switch_save(void);

/* The guest whose state the processor holds; NULL: none. */
struct guest *switch_loaded(void);

/* Its address space is about to go: if it is the processor's, load the empty one. */
void switch_forget(struct guest *guest);

#endif
