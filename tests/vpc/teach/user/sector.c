/*
 * sector.c - the first word of a disk's sector: "sector DISK NUMBER".
 */
#include "user.h"

static uint32_t words[128];

int main(const char *line)
{
    uint32_t disk = take_number(&line), number = take_number(&line);

    if (call(CALL_SECTOR, disk, number, (uint32_t)words, 0) == 0) {
        write_text("no disk\n");
        return 1;
    }
    write_number(words[0]);
    write_text("\n");
    return 0;
}
