/*
 * machine.h - virtual PCs as a kind of guest: guest/kind.h.
 */
#ifndef VPC_MACHINE_H
#define VPC_MACHINE_H

#include "guest/kind.h"

extern const struct guest_kind machine_interp, machine_svm;

#endif
