/*
 * native_leeway.h - in what processors differ when they execute the same instruction from the same state, as the manual
 * does not say, or lets them.
 */
#ifndef NATIVE_LEEWAY_H
#define NATIVE_LEEWAY_H

#include "native_case.h"

/* One found the fault got, the other want (a vector; -1: none), and both may be right. */
bool native_may_fault_otherwise(const struct native_case *test, int got, int want);

/* ENTER whose first push wraps a stack of 16 bits: the upper half of its frame's address is taken before or after. */
bool native_wraps_frame(const struct native_case *test);

/* After that fault the arithmetic flags may be those before the instruction, or any turn's of it. */
bool native_has_flags_left(const struct native_case *test, int vector);

/*
 * A processor came to its end with that stack pointer and that vector (-1: none): what it may have left in its arena,
 * or may not, becomes what the interpreter leaves. before: its arena before that.
 */
void native_settle_arena(const struct native_case *test, uint32_t esp, int vector, uint8_t *arena,
                         const uint8_t *before);

/* Control, status, tags and registers of x87: not its pointers, which name other code here and there. */
bool native_is_same_x87(const struct native_case *test, int vector, const uint8_t *one, const uint8_t *other);

#endif
