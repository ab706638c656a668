/*
 * lockstep.h - the same instruction by both engines, and everything compared (PURE; part of a build with -Daudit=true
 * only, and of tests).
 *
 * The interpreter goes first, on the guest's own RAM: of each page that it opens for writing the bytes before are kept.
 * Then state and pages are put back, the real processor executes as far as a breakpoint on code where the interpreter
 * came to, and everything is compared: registers, hidden parts of segments, flags that are defined, control registers,
 * the floating-point unit, and each page that either has written to. What differs is our own fault: a panic, which
 * names the instruction, what differs, and both values.
 *
 * Nothing is compared where a device, time or an interrupt is asked for, which answer once; where the guest is left for
 * the instruction, so that the interpreter executes it anyway; and in virtual-8086 mode, under TF, with a breakpoint of
 * the guest's, or in code that does not begin at linear address 0, where QEMU's breakpoints are elsewhere.
 */
#ifndef VPC_SVM_LOCKSTEP_H
#define VPC_SVM_LOCKSTEP_H

#include "vpc/svm/svm.h"

/* As svm_step, by both engines, for svm.steps_by. An event that is pending is compared, too, as one of them. */
enum exit_reason lockstep_run(struct vpc *vpc, uint64_t instructions);

#ifdef COBBLE_AUDIT
#define LOCKSTEP_RUN lockstep_run
#else
#define LOCKSTEP_RUN NULL           /* this build does not have it */
#endif

/* One thing that differs. */
struct lockstep_difference {
    const char *what;               /* NULL: nothing does */
    uint64_t where;                 /* of memory: the guest-physical address; of the unit: the byte of its image */
    uint64_t interpreted, real;
};

/* All that two processors hold. undefined: flags that may differ. */
struct lockstep_difference lockstep_compare(const struct vcpu *interpreted, const struct vcpu *real,
                                            uint32_t undefined);

#endif
