/*
 * sum.c - a file that is read at once, into memory that is asked for: its bytes, and the sum of its words.
 */
#include "user.h"

#define MOST (1u << 20)

int main(const char *line)
{
    uint32_t file = call(CALL_OPEN, (uint32_t)line, 0, 0, 0), sum = 0;
    uint32_t *words = (uint32_t *)call(CALL_GROW, MOST, 0, 0, 0);
    uint32_t bytes = call(CALL_READ, file, 0, (uint32_t)words, MOST);

    for (uint32_t i = 0; i < bytes / 4; i++)
        sum += words[i];
    write_number(bytes);
    write_text(" bytes, ");
    write_number(sum);
    write_text("\n");
    return 0;
}
