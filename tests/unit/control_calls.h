/*
 * control_calls.h - the control calls of a guest with the right to them, on the machine of paper of fake_family.c.
 */
#ifndef CONTROL_CALLS_H
#define CONTROL_CALLS_H

#include <stdint.h>

#include "fake_calls.h"
#include "fake_family.h"

#define BUFFER 0x5001u
#define NAME 0x4800u            /* FAKE_IMAGE stands there */
#define IMAGE 0x6000u
#define SLOT_EIP 0x1234u        /* of HV_SLOT_CHILD */

/* For cmocka: a guest with the right; and nothing is left of it and of all that it started. */
int control_setup(void **state);
int control_end_all(void **state);

/* hv_start; name 0 is NAME. What it returned. */
int32_t control_start_bytes(const struct hv_start *start, uint32_t bytes);
int32_t control_start(struct hv_start start);

/* A small child that is there; its ID. */
uint32_t control_start_one(void);
extern struct guest *control_child;     /* the last of these */

/* A call that is no crash; what it returned. */
int32_t control_call(uint32_t number, uint32_t first, uint32_t second, uint32_t third, uint32_t fourth);
struct hv_child control_child_state(uint32_t id);

#endif
