/*
 * debug_access.h - memory that a guest under a debugger reads or writes: the processor's debug registers look for it
 * (SDM vol. 3 "Debug Registers"), so that the guest runs at its usual speed meanwhile.
 *
 * They know linear addresses, which all guests have in common, and hit in the hypervisor, too, where it reads or writes
 * for a guest's hypercall. So while something is watched all traps of all guests come by watched_from_guest, and
 * debug_stop.h says whose hit it is; a #DB of the hypervisor's own is ignored by entry.S.
 */
#ifndef GUEST_DEBUG_ACCESS_H
#define GUEST_DEBUG_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#define DEBUG_ACCESS_REGISTERS 4u       /* each has 1, 2 or 4 bytes, at a multiple of that */

extern unsigned debug_access_used;      /* registers; 0: nothing is watched */

/*
 * Watch so many bytes for whoever is under the debugger, or no more. False: there are not enough registers (nothing is
 * changed), no bytes, or for unwatch: it was not watched.
 */
bool debug_access_watch(uint32_t address, uint32_t bytes);
bool debug_access_unwatch(uint32_t address, uint32_t bytes);
void debug_access_clear(void);

/* The same again, where something is watched and the registers say something else. */
void debug_access_reload(void);

/* What was read or written since hits were taken or forgotten last, once. False: nothing of what is watched. */
bool debug_access_take_hit(uint32_t *address);

/* True: there was a hit, and a #DB that has just come, came for nothing else. */
bool debug_access_forget_hits(void);

#endif
