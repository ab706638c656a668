/*
 * cursor.c - proves: the cursor goes wherever on the screen it is put, and nowhere else; printing starts there and
 * moves it; colours are taken or refused.
 */
#include "check.h"

#define ROWS 25
#define COLUMNS 80

static int saved_row, saved_column;

static void check_at(int row, int column)
{
    int got_row = -1, got_column = -1;

    CHECK_EQUAL(get_cursor_pos(&got_row, &got_column), 0);
    CHECK_EQUAL(got_row, row);
    CHECK_EQUAL(got_column, column);
}

static void everywhere(void)
{
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column += row % 12 == 0 ? 1 : 79) {
            CHECK_EQUAL(set_cursor_pos(row, column), 0);
            check_at(row, column);
        }
    }
}

static void nowhere_else(void)
{
    static const int bad[][2] = {
        { ROWS, 0 }, { 0, COLUMNS }, { -1, 0 }, { 0, -1 }, { 0x7FFFFFFF, 0 }, { 0, (int)0x80000000 }, { 256, 256 },
        { 3, 0x10000 }, { 0x10000, 3 },
    };

    CHECK_EQUAL(set_cursor_pos(7, 9), 0);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(set_cursor_pos(bad[i][0], bad[i][1]) < 0);
        check_at(7, 9);
    }
}

/* In the line of the saved cursor, which is still empty. */
static void moved_by_printing(void)
{
    CHECK_EQUAL(set_cursor_pos(saved_row, 10), 0);
    CHECK_EQUAL(print(3, "   "), 0);
    check_at(saved_row, 13);
    CHECK_EQUAL(print(1, "\b"), 0);
    check_at(saved_row, 12);
    CHECK_EQUAL(print(1, "\r"), 0);
    check_at(saved_row, 0);
    CHECK_EQUAL(set_cursor_pos(0, 79), 0);
    CHECK_EQUAL(print(1, "\n"), 0);
    check_at(1, 0);
}

static void colours(void)
{
    static const int bad[] = { -1, 0x100, 0x10000, (int)0x80000007 };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(set_term_color(bad[i]) < 0);
    for (int colour = 0; colour < 0x100; colour++)
        CHECK_EQUAL(set_term_color(colour), 0);
    CHECK_EQUAL(set_term_color(0x07), 0);           /* as it was: light grey on black */
}

int main(void)
{
    CHECK_EQUAL(get_cursor_pos(&saved_row, &saved_column), 0);
    everywhere();
    nowhere_else();
    moved_by_printing();
    colours();
    CHECK_EQUAL(set_cursor_pos(saved_row, saved_column), 0);
    return check_result();
}
