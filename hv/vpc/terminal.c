/*
 * terminal.c - see terminal.h (PURE). Sequences: ECMA-48 "Control sequences".
 */
#include "vpc/terminal.h"

#define ESCAPE 0x1Bu
#define DELETE 0x7Fu
#define TAB_COLUMNS 8u

bool terminal_skips(struct terminal *terminal, uint8_t byte)
{
    if (byte == ESCAPE) {
        terminal->in_escape = 1;
        return true;
    }
    if (terminal->in_escape == 1) {
        terminal->in_escape = byte == '[' ? 2 : 0;
        return true;
    }
    if (terminal->in_escape == 2) {
        if (byte >= 0x40 && byte <= 0x7E)
            terminal->in_escape = 0;
        return true;
    }
    return false;
}

static bool is_shown(uint8_t byte)
{
    return (byte >= ' ' && byte != DELETE) || byte == '\n' || byte == '\r';
}

static void write_tab(struct vcon *console)
{
    static const uint8_t blanks[TAB_COLUMNS] = "        ";

    vcon_settle(console);
    vcon_write(console, blanks, TAB_COLUMNS - console->column % TAB_COLUMNS);
}

/* A serial line's backspace moves, and what is there stays: programs send blanks themselves. */
static void move_back(struct vcon *console)
{
    vcon_settle(console);
    if (console->column > 0)
        vcon_place_cursor(console, console->row, console->column - 1u);
}

void terminal_write(struct terminal *terminal, struct vcon *console, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0, run = 0; i < count; i += run ? run : 1) {
        for (run = 0; i + run < count && terminal->in_escape == 0 && is_shown(bytes[i + run]); run++)
            ;
        if (run > 0)
            vcon_write(console, bytes + i, run);
        else if (terminal_skips(terminal, bytes[i]))
            continue;
        else if (bytes[i] == '\t')
            write_tab(console);
        else if (bytes[i] == '\b')
            move_back(console);
    }
}
