/*
 * cat.c - prints files.
 */
#include "pebbles.h"

static int show(const char *name)
{
    static char piece[512];
    int offset = 0, bytes;

    while ((bytes = readfile(name, piece, sizeof(piece), offset)) > 0) {
        print(bytes, piece);
        offset += bytes;
    }
    if (bytes < 0)
        printf("cat: %s: no such file\n", name);
    return bytes < 0;
}

int main(int argc, char **argv)
{
    int failed = 0;

    for (int i = 1; i < argc; i++)
        failed |= show(argv[i]);
    return failed;
}
