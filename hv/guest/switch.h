/*
 * switch.h - which guest's address space, FPU state and segments the processor holds.
 */
#ifndef GUEST_SWITCH_H
#define GUEST_SWITCH_H

#include <stdbool.h>

struct guest;

/* Make this guest's state the processor's. One CR3 write when another's was loaded, nothing otherwise. */
void switch_to(struct guest *guest);

/* The guest whose state the processor holds; NULL: none. */
struct guest *switch_loaded(void);

/* Its address space is about to go: if it is the processor's, load the empty one. */
void switch_forget(struct guest *guest);

/*
 * Run the guest until its next trap, with the data segments right for its mode. The guest must be switched to.
 * False: the processor refused its frame; see guest_enter.
 */
bool switch_enter(struct guest *guest);

#endif
