/*
 * host_panic.c - panic for host tests: fails the running test, unless that test expects it (cmocka's
 * expect_assert_failure around the call), so that CHECKs can be tested too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/check.h"

void panic(const char *format, ...)
{
    static char message[256];   /* static: cmocka keeps a pointer to it beyond this frame */

    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);

    mock_assert(0, message, __FILE__, __LINE__);
    fprintf(stderr, "panic: %s\n", message);
    abort();
}
