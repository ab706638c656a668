/*
 * halt.h - the orderly end of the guest.
 */
#ifndef PEBBLES_HALT_H
#define PEBBLES_HALT_H

#include <stdint.h>

/* Note how much memory is free before the first task. */
void halt_prepare(void);

/*
 * End all tasks, and the guest with this status. When not all memory comes back, the kernel has lost count of
 * somebody's frames: the guest says so and ends with STATUS_LEAK instead.
 */
_Noreturn void halt(int32_t status);

#endif
