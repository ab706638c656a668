/*
 * readfile_test.c - proves: readfile gives the same bytes whole and in pieces, nothing behind the end and no file that
 * is not there; the list names every program.
 */
#include "check.h"

#define SELF "readfile_test"
#define FILE_BYTES 32768

static char whole[FILE_BYTES], piece[100];

static void pieces(int size)
{
    int offset = 0, bytes;

    while ((bytes = readfile(SELF, piece, sizeof(piece), offset)) > 0) {
        CHECK_EQUAL(memcmp(piece, whole + offset, (size_t)bytes), 0);
        offset += bytes;
    }
    CHECK_EQUAL(bytes, 0);
    CHECK_EQUAL(offset, size);
}

static void limits(int size)
{
    memset(piece, 'x', sizeof(piece));
    CHECK_EQUAL(readfile(SELF, piece, 50, size - 10), 10);
    CHECK_EQUAL(piece[10], 'x');
    CHECK_EQUAL(readfile(SELF, piece, 0, 0), 0);
    CHECK(readfile(SELF, piece, 1, size + 1) < 0);
    CHECK(readfile("no such file", piece, 1, 0) < 0);
    CHECK(readfile("", piece, 1, 0) < 0);
}

/* Names, each with its NUL, and an empty one. */
static void list(void)
{
    static char names[4096];
    int bytes = readfile(PEBBLES_FILE_LIST, names, sizeof(names), 0), found = 0;

    if (!CHECK(bytes > 1 && bytes < (int)sizeof(names)))
        return;
    CHECK_EQUAL(names[bytes - 1], '\0');
    CHECK_EQUAL(names[bytes - 2], '\0');
    for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
        found += strcmp(name, SELF) == 0 || strcmp(name, "init") == 0 || strcmp(name, "shell") == 0;
        CHECK(readfile(name, piece, 4, 0) == 4 && memcmp(piece, "\x7F" "ELF", 4) == 0);
    }
    CHECK_EQUAL(found, 3);
}

int main(void)
{
    int size = readfile(SELF, whole, sizeof(whole), 0);

    CHECK(size > 100 && size < FILE_BYTES);
    pieces(size);
    limits(size);
    list();
    return check_result();
}
