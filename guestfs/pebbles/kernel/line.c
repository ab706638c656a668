/*
 * line.c - see line.h.
 */
#include "line.h"

#define CONTROL_U 0x15

static bool is_printable(char key)
{
    return key >= ' ' && key <= '~';
}

static struct line_echo erase(struct line *line, uint32_t count)
{
    line->length -= count;
    return (struct line_echo){ .erase = count };
}

/* The last place is for '\n'. */
static struct line_echo add(struct line *line, char key)
{
    bool ends = key == '\n';

    if (!ends && line->length >= PEBBLES_LINE_MAX - 1)
        return (struct line_echo){ 0 };
    line->text[line->length++] = key;
    line->complete = ends;
    return (struct line_echo){ .character = key };
}

struct line_echo line_key(struct line *line, char key)
{
    if (key == '\r')
        key = '\n';
    if (key == '\b')
        return erase(line, line->length > 0 ? 1 : 0);
    if (key == CONTROL_U)
        return erase(line, line->length);
    if (key == '\n' || is_printable(key))
        return add(line, key);
    return (struct line_echo){ 0 };
}

uint32_t line_take(struct line *line, char *to, uint32_t bytes)
{
    uint32_t count = 0;

    while (line->complete && count < bytes) {
        to[count++] = line->text[line->taken++];
        if (line->taken == line->length) {
            line->length = line->taken = 0;
            line->complete = false;
        }
    }
    return count;
}
