/*
 * fault.h - how an instruction says that it did not happen (PURE, inline).
 */
#ifndef VPC_X86_FAULT_H
#define VPC_X86_FAULT_H

#include "cpu/x86.h"
#include "vpc/x86/interp.h"

/* All of them return false, which the handler returns in turn. */
static inline bool fault(struct interp *interp, uint8_t vector)
{
    interp->trouble = (struct trouble){ .kind = TROUBLE_FAULT, .vector = vector };
    return false;
}

static inline bool fault_with(struct interp *interp, uint8_t vector, uint32_t error)
{
    interp->trouble = (struct trouble){ .kind = TROUBLE_FAULT, .vector = vector, .has_error = true, .error = error };
    return false;
}

static inline bool general_protection(struct interp *interp)
{
    return fault_with(interp, EXC_GP, 0);
}

/* An error code that names a selector: SDM vol. 3 "Error Code". */
static inline bool fault_selector(struct interp *interp, uint8_t vector, uint16_t selector)
{
    return fault_with(interp, vector, selector & 0xFFFCu);
}

static inline bool leave(struct interp *interp, enum exit_reason reason)
{
    interp->trouble = (struct trouble){ .kind = TROUBLE_EXIT, .reason = reason };
    return false;
}

#endif
