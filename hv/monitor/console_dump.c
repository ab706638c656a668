/*
 * console_dump.c - final consoles as text on QEMU's debug console: a channel of its own, so that TAP stays TAP.
 */
#include "monitor/console_dump.h"

#include "io/power.h"
#include "monitor/tapfmt.h"

void dump_console(unsigned number, const char *name, const struct vcon *console)
{
    static char text[TAPFMT_DUMP_BYTES];
    struct tapfmt_buffer buffer = { text, sizeof(text), 0 };

    if (!debugcon_present())
        return;
    tapfmt_dump(&buffer, number, name, console);
    debugcon_write(buffer.bytes, (uint32_t)buffer.used);
}
