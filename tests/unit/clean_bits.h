/*
 * clean_bits.h - a processor that keeps all of a block that it may, by the clean bits: nobody has changed such a part
 * since it left the guest.
 */
#ifndef CLEAN_BITS_H
#define CLEAN_BITS_H

#include "vpc/svm/svm.h"

/* Before the guest is entered, and after it was left. */
void believe(const struct vmcb *vmcb);
void remember(const struct vmcb *vmcb);

#endif
