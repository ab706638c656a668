/*
 * host_panic.c - panic for host tests: fails the running test, unless that test expects it.
 */
#include "host_panic.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/check.h"

jmp_buf *host_panic_target;

void panic(const char *format, ...)
{
    static char message[256];   /* static: cmocka keeps a pointer to it beyond this frame */

    if (host_panic_target != NULL)
        longjmp(*host_panic_target, 1);

    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    mock_assert(0, message, __FILE__, __LINE__);
    abort();
}
