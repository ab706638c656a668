/*
 * fpu.h - a guest's x87, MMX and SSE state, in the layout of FXSAVE.
 */
#ifndef CPU_FPU_H
#define CPU_FPU_H

#include <stdbool.h>
#include <stdint.h>

#define FPU_AREA_BYTES 512              /* 16-byte aligned; SDM vol. 1 "FXSAVE Area" */

/* Fill an area with the state after reset and FNINIT. */
void fpu_fresh(void *area);

/*
 * Does FXRSTOR leave FOP, FIP and FDP alone when the image has no unmasked exception (FSW.ES = 0)? Then they stay those
 * of the guest before, and must be cleared first. APM vol. 2 "Saving and Restoring 64-bit State": AMD's processors do,
 * unless CPUID says that the error pointers are always restored. vendor: EBX, EDX, ECX of CPUID 0;
 * max_extended_leaf: EAX of 8000_0000h.
 */
bool fpu_keeps_error_pointers(const char vendor[12], uint32_t max_extended_leaf, uint32_t ebx_80000008);

#endif
