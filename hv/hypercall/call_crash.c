/*
 * call_crash.c - how a call with bad input ends its guest.
 */
#include <stdarg.h>

#include "base/format.h"
#include "guest/guest.h"
#include "hypercall/calls.h"

#define INT_BYTES 2             /* CD DE; prefixes, should there be any, come before */

void call_crash(struct guest *guest, const char *format, ...)
{
    char reason[GUEST_REASON_BYTES];
    va_list arguments;

    va_start(arguments, format);
    format_string_v(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    guest->state.frame.eip = (uint32_t)(guest->state.frame.eip - INT_BYTES);
    guest_crash(guest, "%s", reason);
}
