/*
 * report_caller.h - how a guest came to where it is: who called, frame pointers, event frames on its stack.
 */
#ifndef GUEST_REPORT_CALLER_H
#define GUEST_REPORT_CALLER_H

#include <stdbool.h>
#include <stdint.h>

struct guest;
struct report_facts;

/* Read a word as guest kernel would; false: it cannot be. */
bool report_peek(struct guest *guest, uint32_t from, uint32_t *value);

/* Fill facts->caller, backtrace and nested. place, code and stack are there already. */
void report_find_caller(struct guest *guest, struct report_facts *facts);

#endif
