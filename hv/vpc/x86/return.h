/*
 * return.h - returns to the same or an outer privilege (PURE).
 */
#ifndef VPC_X86_RETURN_H
#define VPC_X86_RETURN_H

#include "vpc/x86/instruction.h"
#include "vpc/x86/interp.h"

/*
 * In protected mode: take CS:EIP. depth: bytes above ESP where SS:ESP lie, if the return is to an outer privilege; else
 * what comes off the stack. release: bytes that come off the outer stack. The caller has a checkpoint.
 */
bool return_protected(struct interp *interp, uint16_t cs, uint32_t eip, uint32_t depth, uint32_t release,
                      unsigned bytes);

/* A 32-bit IRET whose ways are all known: known_event.c. false: nothing has changed, and op_iret does it. */
bool iret_known(struct interp *interp);

bool op_iret(struct interp *interp, const struct instruction *insn);

#endif
