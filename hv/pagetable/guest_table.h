/*
 * guest_table.h - copy and compare whole guest tables with string instructions: eight bytes an instruction, which no
 * loop can match.
 *
 * Unit tests bring their own, in C.
 */
#ifndef PAGETABLE_GUEST_TABLE_H
#define PAGETABLE_GUEST_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_TABLE_WORDS 512u  /* 64-bit words in 4 KiB */

/* Copy a table of 4 KiB. */
void guest_table_copy(void *to, const void *from);

/* Are so many 64-bit words equal? They lie anywhere. */
bool guest_table_is_equal(const void *bytes, const void *other, uint32_t words);

/* The first 64-bit word, from word first on, in which two tables differ; GUEST_TABLE_WORDS when there is none. */
uint32_t guest_table_find_difference(const void *table, const void *other, uint32_t first);

#endif
