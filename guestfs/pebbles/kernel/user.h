/*
 * user.h - memory of the current task, as the kernel reads and writes it: whatever the address, nothing worse than
 * false happens. Pages are made writable on the way, and the stack grows, as if the program itself had touched them.
 */
#ifndef PEBBLES_USER_H
#define PEBBLES_USER_H

#include <stdbool.h>
#include <stdint.h>

bool user_read(void *to, uint32_t from, uint32_t bytes);
bool user_write(uint32_t to, const void *from, uint32_t bytes);
bool user_write_word(uint32_t to, uint32_t word);

/* A string with its NUL, at most bytes long with it: its length; else PEBBLES_ERROR_*. */
int32_t user_read_string(char *to, uint32_t from, uint32_t bytes);

/* Whether the program could read, or write, all of it. */
bool user_can_read(uint32_t address, uint32_t bytes);
bool user_can_write(uint32_t address, uint32_t bytes);

/* Resolve a page fault of the active directory. False: the access is not legal. */
bool user_fault(uint32_t address, uint32_t error);

#endif
