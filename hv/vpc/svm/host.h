/*
 * host.h - the real processor's part of the engine of svm.h: its pages, its mode, its way in.
 */
#ifndef VPC_SVM_HOST_H
#define VPC_SVM_HOST_H

#include <stdbool.h>

#include "vpc/svm/svm.h"

/* NULL: this machine can run virtual PCs so. Or why not, in words. */
const char *svm_host_obstacle(void);

/* For a PC that vpc_init has made: attach the engine. False: memory is out. machine.c gives the alarm. */
bool svm_host_attach(struct vpc *vpc, struct svm *svm, void (*set_alarm)(void *owner, uint64_t due_ns));

/* Give back what was attached, in steps. False: *steps are used up. Nothing to do if nothing is attached. */
bool svm_host_detach(struct vpc *vpc, uint32_t *steps);

#endif
