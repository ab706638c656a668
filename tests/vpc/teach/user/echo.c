/*
 * echo.c - its line.
 */
#include "user.h"

int main(const char *line)
{
    write_text(line);
    write_text("\n");
    return 0;
}
