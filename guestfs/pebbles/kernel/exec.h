/*
 * exec.h - a program in a new address space.
 */
#ifndef PEBBLES_EXEC_H
#define PEBBLES_EXEC_H

#include <stdint.h>

#include "events.h"
#include "pebbles/abi.h"

/* Name and arguments while neither the old nor the new address space can hold them; fits into one frame. */
struct exec_arguments {
    char name[PEBBLES_NAME_BYTES_MAX];
    uint32_t count;                                 /* at most PEBBLES_ARGUMENTS_MAX */
    uint32_t offsets[PEBBLES_ARGUMENTS_MAX];        /* of each string in text */
    uint32_t bytes;                                 /* of text */
    char text[PEBBLES_ARGUMENT_BYTES_MAX];
};

/*
 * Make an address space with the program and its stack, and the registers of its first instruction. Returns 0 and the
 * directory, or PEBBLES_ERROR_* and nothing is left behind; a line on the console says why a file is no program.
 */
int32_t exec_build(const struct exec_arguments *arguments, uint32_t *directory, struct event *registers);

#endif
