/*
 * fpu.c - x87, MMX and SSE state of a guest: what it starts with, and what one guest must not see of another (PURE).
 */
#include "cpu/fpu.h"

#include "base/string.h"

#define FCW_AFTER_FNINIT 0x37Fu     /* SDM vol. 1 "x87 FPU Control Word" */
#define MXCSR_AFTER_RESET 0x1F80u   /* SDM vol. 1 "MXCSR Control and Status Register" */
#define MXCSR_OFFSET 24             /* SDM vol. 1 "FXSAVE Area" */

#define RSTR_FP_ERR_PTRS (1u << 2)  /* APM vol. 3 "Function 8000_0008h", EBX */

void fpu_fresh(void *area)
{
    const uint16_t control_word = FCW_AFTER_FNINIT;
    const uint32_t mxcsr = MXCSR_AFTER_RESET;

    memset(area, 0, FPU_AREA_BYTES);
    memcpy(area, &control_word, sizeof(control_word));
    memcpy((uint8_t *)area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

bool fpu_keeps_error_pointers(const char vendor[12], uint32_t max_extended_leaf, uint32_t ebx_80000008)
{
    if (memcmp(vendor, "AuthenticAMD", 12) != 0 && memcmp(vendor, "HygonGenuine", 12) != 0)
        return false;
    return max_extended_leaf < 0x80000008u || (ebx_80000008 & RSTR_FP_ERR_PTRS) == 0;
}
