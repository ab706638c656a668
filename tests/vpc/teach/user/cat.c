/*
 * cat.c - what is in a file, some bytes at a time.
 */
#include "user.h"

int main(const char *line)
{
    char some[100];
    uint32_t file = call(CALL_OPEN, (uint32_t)line, 0, 0, 0), count;

    if (file == NONE) {
        write_text("no file\n");
        return 1;
    }
    for (uint32_t at = 0; (count = call(CALL_READ, file, at, (uint32_t)some, sizeof(some))) != 0; at += count)
        write_bytes(some, count);
    return 0;
}
