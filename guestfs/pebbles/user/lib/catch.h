/*
 * catch.h - run code that shall raise an exception, and come back.
 */
#ifndef USER_CATCH_H
#define USER_CATCH_H

#include "pebbles.h"

#define CATCH_NOTHING (-1)

/*
 * Call function(argument) and return the number of the exception that ended it, with the registers in *ureg (may be
 * NULL), or CATCH_NOTHING. One at a time in a task.
 */
int catch_exception(void (*function)(void *), void *argument, ureg_t *ureg);

/* Touch a byte: what that raises. */
int catch_read(uintptr_t address, ureg_t *ureg);
int catch_write(uintptr_t address, ureg_t *ureg);

#endif
