/*
 * sh.c - the shell: a line's first word is a program that the rest is given to; it waits for that one's end, and
 * tells its status unless that is 0. "halt STATUS" is its own.
 */
#include "user.h"

static void run(char *line)
{
    char *rest = line;

    while (*rest != '\0' && *rest != ' ')
        rest++;
    if (*rest == ' ')
        *rest++ = '\0';
    if (is_same(line, "halt")) {
        const char *number = rest;
        call(CALL_HALT, take_number(&number), 0, 0, 0);
    }
    if (call(CALL_SPAWN, (uint32_t)line, (uint32_t)rest, 0, 0) == 0) {
        write_text("no program ");
        write_text(line);
        write_text("\n");
        return;
    }
    uint32_t status = call(CALL_WAIT, 0, 0, 0, 0);
    if (status != 0) {
        write_text(status == NONE ? "killed" : "status ");
        if (status != NONE)
            write_number(status);
        write_text("\n");
    }
}

int main(const char *unused)
{
    char line[LINE_BYTES];

    (void)unused;
    for (;;) {
        write_text("$ ");
        uint32_t length = call(CALL_TAKE_LINE, (uint32_t)line, sizeof(line), 0, 0);
        if (length == NONE)
            return 1;
        line[length - 1] = '\0';
        if (line[0] != '\0')
            run(line);
    }
}
