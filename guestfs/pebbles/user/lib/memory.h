/*
 * memory.h - how much memory there is, for programs that mean to use it up.
 */
#ifndef USER_MEMORY_H
#define USER_MEMORY_H

#include "pebbles.h"

/* As many pages as new_pages gives in one go at this moment. */
uint32_t memory_free_pages(void);

#endif
