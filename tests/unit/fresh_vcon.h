/*
 * fresh_vcon.h - a console with its row log, what is printed on it, and what its log then has.
 */
#ifndef FRESH_VCON_H
#define FRESH_VCON_H

#include <stdbool.h>

#include "io/rowlog.h"
#include "io/vcon.h"

/* The one console of a test, empty again. */
struct vcon *fresh(void);

void print(struct vcon *vcon, const char *text);

/* As hv_print does it: bytes that are looked at later. False: there is no room. */
bool defer(struct vcon *vcon, const uint8_t *bytes, unsigned length);

/* The next row of the log is this one; NULL: there is none. */
void expect_row(struct vcon *vcon, const char *expected);

#endif
