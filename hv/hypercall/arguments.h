/*
 * arguments.h - what the arguments of calls must be (docs/abi.md "Hypercalls"), for a lean call and the full one alike.
 *
 * Whoever gets false does not do the call: a lean one leaves it to the full one, which has the words for what is wrong.
 */
#ifndef HYPERCALL_ARGUMENTS_H
#define HYPERCALL_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/guest.h"

#define ROW_MAX (HV_CONSOLE_ROWS - 1)
#define COLUMN_MAX (HV_CONSOLE_COLS - 1)
#define COLOR_MAX 255

static inline bool is_color(uint32_t color)
{
    return color <= COLOR_MAX;
}

static inline bool is_position(uint32_t row, uint32_t column)
{
    return row <= ROW_MAX && column <= COLUMN_MAX;
}

/* Bytes of hv_print and hv_print_at. A negative number is a large one here. */
static inline bool is_print_length(uint32_t length)
{
    return length <= HV_PRINT_MAX_BYTES;
}

static inline bool is_page_aligned(uint32_t address)
{
    return !(address & PAGE_MASK);
}

static inline bool is_directory(const struct guest *guest, uint32_t directory)
{
    return is_page_aligned(directory) && directory < guest->ram.bytes;
}

#endif
