/*
 * call_crash.c - how a call with bad input ends its guest.
 */
#include <stdarg.h>

#include "base/format.h"
#include "cpu/opcodes.h"
#include "guest/guest.h"
#include "hypercall/calls.h"

void call_crash(struct guest *guest, const char *format, ...)
{
    char reason[GUEST_REASON_BYTES];
    va_list arguments;

    /* To read its memory may have been enough, and has the better reason: it has ended, or its debugger looks at it. */
    if (guest->life.activity == GUEST_ENDED || guest->life.activity == GUEST_PAUSED)
        return;
    va_start(arguments, format);
    format_string_v(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    guest->state.frame.eip = (uint32_t)(guest->state.frame.eip - INT_BYTES);
    guest_crash(guest, "%s", reason);
}
