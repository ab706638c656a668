/*
 * ident.h - what the processor of a virtual PC says of itself, for whoever executes it (PURE). SDM vol. 2 "CPUID",
 * "RDTSC".
 */
#ifndef VPC_X86_IDENT_H
#define VPC_X86_IDENT_H

#include <stddef.h>

#include "vpc/x86/interp.h"

enum { IDENT_MAKER, IDENT_FEATURES, IDENT_FEATURES_WITHOUT_UNIT, IDENT_EXTENDED, IDENT_NOTHING, IDENT_ROWS };

/* What CPUID answers, by the numbers of the registers. */
extern const uint32_t ident_rows[IDENT_ROWS][4];

/* CPUID: the answer goes to gpr but for EAX's, which is returned. Leaves beyond the highest are zeroes. */
static inline uint32_t ident_answer(const struct interp *interp, uint32_t leaf, uint32_t *gpr)
{
    unsigned row = leaf;

    if (leaf > IDENT_FEATURES)
        row = leaf == 0x80000000u ? IDENT_EXTENDED : IDENT_NOTHING;
    else if (leaf == IDENT_FEATURES && interp->bus->fpu_execute == NULL)
        row = IDENT_FEATURES_WITHOUT_UNIT;
    const uint32_t *answer = ident_rows[row];
    gpr[GPR_ECX] = answer[GPR_ECX];
    gpr[GPR_EDX] = answer[GPR_EDX];
    gpr[GPR_EBX] = answer[GPR_EBX];
    return answer[GPR_EAX];
}

/* The time stamp counter. */
uint64_t ident_time(const struct interp *interp);

#endif
