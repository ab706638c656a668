/*
 * print_test.c - proves: print shows text of any legal length, across pages, and refuses lengths that cannot be; the
 * cursor is where the text ended; colour and cursor take legal values only.
 */
#include "check.h"

#define REGION ((char *)0x40000000)
#define REGION_BYTES ((int)(PEBBLES_PRINT_MAX + PEBBLES_PAGE_BYTES))
#define BYTES 3000                      /* over the edge of a page */
#define COLUMNS 80
#define ROW_BYTES 60                    /* its last byte goes back to the first column */

static int row;                         /* the upper of three blank rows */

static void position(int expected_row, int expected_column)
{
    int got_row = -1, got_column = -1;

    CHECK_EQUAL(get_cursor_pos(&got_row, &got_column), 0);
    CHECK_EQUAL(got_row, expected_row);
    CHECK_EQUAL(got_column, expected_column);
}

/* All in one row, again and again, from the middle of one page into the next. */
static void long_text(void)
{
    char *text = REGION + PEBBLES_PAGE_BYTES - BYTES / 2;

    CHECK_EQUAL(new_pages(REGION, REGION_BYTES), 0);
    for (int i = 0; i < BYTES; i++)
        text[i] = i % ROW_BYTES == ROW_BYTES - 1 ? '\r' : '.';
    CHECK_EQUAL(print(BYTES, text), 0);
    position(row, 0);
    CHECK_EQUAL(print(0, text), 0);
    CHECK(print(-BYTES, text) < 0);
    memset(REGION, '\r', (size_t)REGION_BYTES);
    CHECK_EQUAL(print(PEBBLES_PRINT_MAX, REGION), 0);
    CHECK(print(PEBBLES_PRINT_MAX + 1, REGION) < 0);
    CHECK(print(PEBBLES_PAGE_BYTES + 1, REGION + PEBBLES_PRINT_MAX) < 0);
    position(row, 0);
    CHECK_EQUAL(remove_pages(REGION), 0);
}

static void cursor(void)
{
    CHECK_EQUAL(set_cursor_pos(row, 70), 0);
    position(row, 70);
    CHECK_EQUAL(print(4, "abcd"), 0);
    position(row, 74);
    CHECK_EQUAL(print(9, "abcdefghi"), 0);
    position(row + 1, 3);
    CHECK_EQUAL(print(2, "\b\r"), 0);
    position(row + 1, 0);
    CHECK(set_cursor_pos(25, 0) < 0);
    CHECK(set_cursor_pos(0, 80) < 0);
    CHECK(set_cursor_pos(-1, 0) < 0);
    position(row + 1, 0);
    CHECK_EQUAL(set_cursor_pos(24, 79), 0);
    position(24, 79);
}

static void colour(void)
{
    CHECK_EQUAL(set_term_color(0x1E), 0);
    CHECK(set_term_color(256) < 0);
    CHECK(set_term_color(-1) < 0);
    CHECK_EQUAL(set_term_color(0x07), 0);
}

/* And leave no trace. */
int main(void)
{
    int column;

    print_string("\n\n\n");
    CHECK_EQUAL(get_cursor_pos(&row, &column), 0);
    row -= 2;
    set_cursor_pos(row, 0);
    long_text();
    cursor();
    colour();
    set_cursor_pos(row, 0);
    printf("%*s", 2 * COLUMNS, "");
    set_cursor_pos(row, 0);
    return check_result();
}
