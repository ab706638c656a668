/*
 * ls.c - lists the files, four to a row.
 */
#include "pebbles.h"

#define COLUMNS 4

int main(void)
{
    static char names[4096];
    int bytes = readfile(PEBBLES_FILE_LIST, names, sizeof(names) - 1, 0), column = 0;

    if (bytes < 0)
        return 1;
    for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
        column = (column + 1) % COLUMNS;
        printf(column != 0 ? "%-18s" : "%s\n", name);
    }
    if (column != 0)
        print_string("\n");
    return 0;
}
