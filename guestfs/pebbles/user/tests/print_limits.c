/*
 * print_limits.c - proves: print puts exactly the bytes it is given, up to its limit, and from wherever they are: over
 * two pages, from zero pages; lengths that are negative or too long are refused before a byte is out.
 *
 * It measures by the cursor, and prints blanks and lines that it takes back, so that the screen stays readable.
 */
#include "check.h"

#define COLUMNS 80
#define REGION ((char *)0x40000000)
#define REGION_BYTES (PEBBLES_PRINT_MAX + PEBBLES_PAGE_BYTES)

static int cursor(void)
{
    int row = -1, column = -1;

    CHECK_EQUAL(get_cursor_pos(&row, &column), 0);
    return row * COLUMNS + column;
}

/* From the start of the line the cursor is in. */
static void check_columns(int bytes, const char *text)
{
    int start = cursor();

    CHECK_EQUAL(start % COLUMNS, 0);
    CHECK_EQUAL(print(bytes, text), 0);
    CHECK_EQUAL(cursor() - start, bytes);
    CHECK_EQUAL(print(1, "\r"), 0);
    CHECK_EQUAL(cursor(), start);
}

static void check_refused(void)
{
    static const int lengths[] = { -1, -2, -4096, (int)0x80000000, 0x7FFFFFFF, PEBBLES_PRINT_MAX + 1 };
    int start = cursor();

    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        CHECK(print(lengths[i], REGION) < 0);
    CHECK(print(REGION_BYTES, REGION) < 0);
    CHECK(print(2, REGION + REGION_BYTES - 1) < 0);         /* the second byte is not there */
    CHECK(print(PEBBLES_PRINT_MAX, REGION + REGION_BYTES - PEBBLES_PRINT_MAX + 1) < 0);
    CHECK_EQUAL(cursor(), start);
}

/* NUL bytes are bytes, too; which width they have is the console's business. */
static void check_long(void)
{
    CHECK_EQUAL(print(300, REGION + REGION_BYTES - 300), 0);            /* zero pages */
    memset(REGION, '\r', REGION_BYTES);
    for (int i = 0; i < PEBBLES_PRINT_MAX; i += 1000)
        REGION[i] = ' ';
    int start = cursor() - cursor() % COLUMNS;
    CHECK_EQUAL(print(PEBBLES_PRINT_MAX, REGION), 0);
    CHECK_EQUAL(print(PEBBLES_PRINT_MAX, REGION + PEBBLES_PAGE_BYTES), 0);
    CHECK_EQUAL(print(1, "\r"), 0);
    CHECK_EQUAL(cursor(), start);
}

int main(void)
{
    static char blanks[2 * PEBBLES_PAGE_BYTES] __attribute__((aligned(PEBBLES_PAGE_BYTES)));

    CHECK_EQUAL(new_pages(REGION, REGION_BYTES), 0);
    check_refused();
    memset(blanks, ' ', sizeof(blanks));
    check_columns(0, blanks);
    check_columns(1, blanks);
    check_columns(79, blanks);
    check_columns(40, blanks + PEBBLES_PAGE_BYTES - 20);
    check_columns(5, "     " "no more");
    check_long();
    CHECK_EQUAL(remove_pages(REGION), 0);
    return check_result();
}
