/*
 * file_pieces.c - proves: readfile gives the same bytes however a file is cut into pieces, stops at its end, and leaves
 * alone the buffer behind what it stored; the list of files names every one, this program among them.
 */
#include "check.h"

#define FILE_BYTES_MAX 0x40000
#define LIST_BYTES_MAX 4096
#define GUARD 0x3C

static char list[LIST_BYTES_MAX], whole[FILE_BYTES_MAX], piece[1000];

/* Into whole[]; its bytes. */
static int read_whole(const char *name)
{
    memset(whole, GUARD, sizeof(whole));
    int bytes = readfile(name, whole, FILE_BYTES_MAX, 0);
    CHECK(bytes > 0 && bytes < FILE_BYTES_MAX);
    for (int i = bytes; i < bytes + 16 && i < FILE_BYTES_MAX; i++)
        CHECK_EQUAL(whole[i], GUARD);
    return bytes;
}

/* whole[] holds the file. */
static void check_piece(const char *name, int bytes, int offset, int count)
{
    int expected = count < bytes - offset ? count : bytes - offset;

    memset(piece, GUARD, sizeof(piece));
    if (!CHECK_EQUAL(readfile(name, piece, count, offset), expected) ||
        !CHECK_EQUAL(memcmp(piece, whole + offset, (size_t)expected), 0))
        printf("... %s, offset %d of %d, count %d\n", name, offset, bytes, count);
    CHECK_EQUAL(piece[expected], GUARD);
}

static void check_pieces(const char *name, int bytes)
{
    static const int counts[] = { 1, 3, 7, 64, 999 };

    for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        int step = bytes < 3000 ? counts[i] : bytes / 5 + i;
        for (int offset = 0; offset < bytes; offset += step)
            check_piece(name, bytes, offset, counts[i]);
        check_piece(name, bytes, bytes - 1, counts[i]);
        check_piece(name, bytes, bytes, counts[i]);         /* the end: 0 bytes */
    }
    check_piece(name, bytes, bytes / 2, 0);
    CHECK(readfile(name, piece, 1, bytes + 1) < 0);
    CHECK(readfile(name, piece, 1, 0x7FFFFFFF) < 0);
}

/* All files are programs. Returns how many the list names. */
static int check_list(void)
{
    int count = 0, own = 0;

    for (const char *name = list; *name != '\0'; name += strlen(name) + 1) {
        count++;
        own += strcmp(name, "file_pieces") == 0;
        int bytes = read_whole(name);
        CHECK_EQUAL(memcmp(whole, "\177ELF", 4), 0);
        check_pieces(name, bytes);
    }
    CHECK_EQUAL(own, 1);
    return count;
}

int main(void)
{
    int bytes = read_whole(PEBBLES_FILE_LIST);

    CHECK(bytes < LIST_BYTES_MAX);
    memcpy(list, whole, sizeof(list));
    CHECK(list[bytes - 1] == '\0' && list[bytes - 2] == '\0');
    check_pieces(PEBBLES_FILE_LIST, bytes);
    CHECK(check_list() > 5);
    CHECK(readfile("", piece, 1, 0) < 0);
    CHECK(readfile("file_piece", piece, 1, 0) < 0);
    CHECK(readfile("file_pieces ", piece, 1, 0) < 0);
    return check_result();
}
