/*
 * report_names.h - vectors, calls and addresses by the names that authors of guests know (PURE).
 */
#ifndef GUEST_REPORT_NAMES_H
#define GUEST_REPORT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/image_sections.h"

/* "#PF (page fault)", "timer", "keyboard", "child", "INT 0x80", "hypercall": what a vector means to a guest. */
void report_name_vector(uint32_t vector, char *text, size_t text_bytes);

/*
 * The name of a hypercall as authors write it ("setidt"), or NULL for a number that is none. may_control: the control
 * calls are some.
 */
const char *report_call_name(uint32_t number, bool may_control);

#define REPORT_CALL_WORDS 5     /* at most */

/* How many argument words it has, 0 if it is none; and their names, ended by NULL; NULL: it has none. */
uint32_t report_call_word_count(uint32_t number, bool may_control);
const char *const *report_call_words(uint32_t number);

/*
 * An address with its name and source line, as far as known: "0x00100010 main+0x10 (main.c:12)". Names are the image's:
 * what cannot be shown becomes '?'.
 */
void report_format_place(const struct image_place *place, char *text, size_t text_bytes);

#endif
