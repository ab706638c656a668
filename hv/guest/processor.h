/*
 * processor.h - all that a processor has: tables and stacks, the guest it holds, that guest's turn, who waits for it.
 *
 * There is one, boot_processor of main.c, and only main.c names it: the run loop is given its processor, a loaded guest
 * has a pointer to the one that holds it, and a trap of the hypervisor itself asks processor_this. docs/architecture.md
 * "Another processor" says what is shared between them.
 */
#ifndef GUEST_PROCESSOR_H
#define GUEST_PROCESSOR_H

#include "cpu/cpu.h"
#include "guest/sched.h"
#include "guest/tick.h"

struct processor {
    struct cpu cpu;             /* first: cpu_this finds it */
    struct guest *loaded;       /* whose address space and FPU state it holds; NULL: nobody's. switch.c */
    struct turn turn;           /* of the guest that has it */
    struct sched sched;         /* who waits for it */
};

/* The processor that asks. Not for hot paths: see cpu_this. */
static inline struct processor *processor_this(void)
{
    return (struct processor *)cpu_this();
}

#endif
