/*
 * user.h - what the programs of the teaching Unix share: the kernel's calls, and texts and numbers.
 */
#ifndef TESTS_VPC_TEACH_USER_H
#define TESTS_VPC_TEACH_USER_H

#include <stdbool.h>
#include "../calls.h"

#define NONE (~0u)

/* Each program's; line is what stood behind its name. What it returns is its status. */
int main(const char *line);

/* start.S */
uint32_t call(enum call number, uint32_t b, uint32_t c, uint32_t d, uint32_t s);

/* text.c */
void write_bytes(const char *text, uint32_t bytes);
void write_text(const char *text);
void write_number(uint32_t number);
/* The number that a text begins with; the text goes on behind it and a blank. */
uint32_t take_number(const char **text);
bool is_same(const char *left, const char *right);

#endif
