/*
 * task.h - hardware task switches: not there yet, and honest about it (PURE).
 */
#ifndef VPC_X86_TASK_H
#define VPC_X86_TASK_H

#include "vpc/x86/fault.h"

/* Counted, and the run ends with EXIT_UNSUPPORTED. Gives false. */
static inline bool task_refuse(struct interp *interp)
{
    interp->cpu.refusals.task_switches++;
    return leave(interp, EXIT_UNSUPPORTED);
}

#endif
