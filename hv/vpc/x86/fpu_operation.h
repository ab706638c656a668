/*
 * fpu_operation.h - what the floating-point unit is asked to do: the contract of bus.fpu_execute, and its image (PURE).
 */
#ifndef VPC_X86_FPU_OPERATION_H
#define VPC_X86_FPU_OPERATION_H

#include <stdint.h>

#include "vpc/x86/operations.h"

#define FPU_OPERAND_BYTES 512u

/*
 * One x87, MMX, SSE or SSE2 instruction, made so that it can be executed as it stands, in 32- or 64-bit code alike. Who
 * executes it loads the image (FXRSTOR of cpu->fpu), EAX, the arithmetic flags and EDI or RDI, which points to operand;
 * calls bytes, behind which lies a return; and stores EAX, the flags and the image again (FXSAVE). Nothing that is
 * asked for faults: no exception is pending, those of MXCSR are masked.
 */
struct fpu_operation {
    _Alignas(16) uint8_t operand[FPU_OPERAND_BYTES];
    uint8_t bytes[8];
    uint32_t length;            /* without the return */
    uint32_t eax, eflags;
};

/* Fields of the image, in bytes: SDM vol. 1 "FXSAVE Area". */
#define FPU_CONTROL 0u
#define FPU_STATUS 2u
#define FPU_OPCODE 6u
#define FPU_EIP 8u
#define FPU_CS 12u
#define FPU_DATA 16u
#define FPU_DS 20u
#define FPU_MXCSR 24u
#define FPU_MXCSR_MASK 28u
#define FPU_STATUS_ES 0x80u     /* an unmasked exception waits */
#define FPU_STATUS_B 0x8000u    /* the same */

/* Bits of MXCSR that this processor has, whatever the unit's own has besides. */
#define MXCSR_KNOWN 0xFFFFu

/* Let the unit execute it, with EAX and flags of the guest. */
void fpu_run(struct interp *interp, struct fpu_operation *operation);

/* #NM for x87 and, with is_waiting, #MF of an exception before. SDM vol. 3 "x87 FPU Configuration". */
bool fpu_is_ready(struct interp *interp, bool is_waiting);

handler_t x87_find(const struct instruction *insn);         /* D8 to DF */
handler_t sse_find(const struct instruction *insn);         /* MMX, SSE, SSE2 */
handler_t fxstate_find(const struct instruction *insn);     /* 0F AE: FXSAVE to SFENCE */

#endif
