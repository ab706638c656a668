/*
 * unit.h - the floating-point unit of virtual PCs: the processor's own, on an image of theirs.
 */
#ifndef VPC_UNIT_H
#define VPC_UNIT_H

struct vcpu;
struct fpu_operation;

/* bus.fpu_execute. What the unit holds meanwhile is lost: whoever has its turn has its state in an image. */
void unit_execute(struct vcpu *cpu, struct fpu_operation *operation);

#endif
