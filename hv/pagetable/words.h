/*
 * words.h - copy and compare whole tables with string instructions: one a step, which no loop can match.
 *
 * Unit tests bring their own, in C.
 */
#ifndef PAGETABLE_WORDS_H
#define PAGETABLE_WORDS_H

#include <stdint.h>

#define WORDS_PER_TABLE 512u    /* 64-bit words in 4 KiB */

/* Copy a table of 4 KiB. */
void words_copy_table(void *to, const void *from);

/* The first 64-bit word, from word first on, in which two tables differ; WORDS_PER_TABLE when there is none. */
uint32_t words_find_difference(const void *table, const void *other, uint32_t first);

#endif
