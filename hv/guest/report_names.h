/*
 * report_names.h - vectors and calls by the names that authors of guests know (PURE).
 */
#ifndef GUEST_REPORT_NAMES_H
#define GUEST_REPORT_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* "#PF (page fault)", "timer", "keyboard", "INT 0x80", "hypercall": what a vector means to a guest. */
void report_name_vector(uint32_t vector, char *text, size_t text_bytes);

/* The name of a hypercall as authors write it ("setidt"), or NULL for a number that is none. */
const char *report_call_name(uint32_t number);

#endif
