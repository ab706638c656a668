/*
 * ls.c - the files' names and sizes, as the directory has them, which is a file.
 */
#include "user.h"

int main(const char *line)
{
    struct entry entry;

    (void)line;
    for (uint32_t at = 0; call(CALL_READ, DIRECTORY, at, (uint32_t)&entry, sizeof(entry)) == sizeof(entry);
         at += sizeof(entry)) {
        if (entry.name[0] == '\0')
            continue;
        write_text(entry.name);
        write_text(" ");
        write_number(entry.bytes);
        write_text("\n");
    }
    return 0;
}
