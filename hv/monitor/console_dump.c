/*
 * console_dump.c - final consoles as text on QEMU's debug console: a channel of its own, so that TAP stays TAP.
 */
#include "monitor/console_dump.h"

#include "io/power.h"
#include "monitor/tapfmt.h"

void dump_console(unsigned number, const char *name, const struct vcon *console)
{
    char text[TAPFMT_LINE_BYTES];
    struct tapfmt_buffer buffer = { text, sizeof(text), 0 };

    if (!debugcon_present(DEBUGCON_DUMP))
        return;
    tapfmt_dump_heading(&buffer, number, name, console);
    debugcon_write(DEBUGCON_DUMP, buffer.bytes, (uint32_t)buffer.used);
    for (unsigned row = 0; row < VCON_ROWS; row++) {
        buffer.used = 0;
        tapfmt_dump_row(&buffer, console, row);
        debugcon_write(DEBUGCON_DUMP, buffer.bytes, (uint32_t)buffer.used);
    }
}
