/*
 * watch.h - breakpoints of the debug registers (PURE).
 *
 * While one is on, the interpreter looks at each instruction and at each access; while none is, nothing is asked.
 *
 * Source: SDM vol. 3 "Debug Registers", "Debug Exception (#DB)".
 */
#ifndef VPC_X86_WATCH_H
#define VPC_X86_WATCH_H

#include "vpc/x86/interp.h"

#define DR7_ENABLED 0xFFu           /* L0, G0 to L3, G3 */
#define DR6_HITS 0xFu               /* B0 to B3 */

/* An instruction's operand: what is hit waits in cpu.data_hits for the instruction's end. */
void watch_access(struct interp *interp, uint32_t linear, unsigned bytes, bool is_write);

/* Breakpoints on the instruction at EIP, as DR6's B0 to B3. */
uint32_t watch_code(const struct interp *interp);

#endif
