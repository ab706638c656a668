/*
 * unit_slots.h - how many instructions of the floating-point unit are kept: for unit.c and unit_call.S.
 */
#ifndef VPC_UNIT_SLOTS_H
#define VPC_UNIT_SLOTS_H

#define UNIT_SLOTS 64
#define UNIT_SLOT_BYTES 16

#endif
