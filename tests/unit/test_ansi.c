/*
 * test_ansi.c - a small terminal of its own reads what ansi.c writes; its screen must become the cells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/ansi.h"
#include "io/cp437.h"

struct terminal {
    char text[ANSI_ROWS][ANSI_COLUMNS][5];
    unsigned colour[ANSI_ROWS][ANSI_COLUMNS];   /* foreground * 1000 + background, as SGR numbers */
    unsigned row, column, now;
};

static size_t escape(struct terminal *terminal, const char *s)
{
    unsigned numbers[2] = { 0, 0 }, count = 0;
    size_t i = 2;
    assert_int_equal(s[1], '[');
    if (s[i] == '?')
        i++;
    for (;; i++) {
        if (s[i] >= '0' && s[i] <= '9')
            numbers[count] = numbers[count] * 10 + (unsigned)(s[i] - '0');
        else if (s[i] == ';')
            assert_true(++count < 2);
        else
            break;
    }
    if (s[i] == 'H') {
        terminal->row = numbers[0] ? numbers[0] - 1 : 0;
        terminal->column = numbers[1] ? numbers[1] - 1 : 0;
    } else if (s[i] == 'm') {
        terminal->now = numbers[0] * 1000 + numbers[1];
    } else if (s[i] == 'J') {
        for (unsigned r = 0; r < ANSI_ROWS; r++)
            for (unsigned c = 0; c < ANSI_COLUMNS; c++)
                strcpy(terminal->text[r][c], " ");
    } else {
        assert_int_equal(s[i], 'l');
    }
    return i + 1;
}

static void feed(struct terminal *terminal, const char *s, size_t length)
{
    assert_true(length <= ANSI_ROW_BYTES);
    for (size_t i = 0; i < length;) {
        if (s[i] == 0x1b) {
            i += escape(terminal, s + i);
            continue;
        }
        unsigned char c = (unsigned char)s[i];
        size_t bytes = c < 0x80 ? 1 : c < 0xE0 ? 2 : 3;
        assert_true(c >= 0x20 && c != 0x7F);
        assert_true(terminal->row < ANSI_ROWS && terminal->column < ANSI_COLUMNS);
        memset(terminal->text[terminal->row][terminal->column], 0, 5);
        memcpy(terminal->text[terminal->row][terminal->column], s + i, bytes);
        terminal->colour[terminal->row][terminal->column] = terminal->now;
        if (terminal->column + 1 < ANSI_COLUMNS)
            terminal->column++;
        i += bytes;
    }
}

static unsigned sgr(uint8_t attribute)
{
    static const unsigned order[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };
    unsigned f = attribute & 15, b = attribute >> 4;
    return (order[f & 7] + (f > 7 ? 90 : 30)) * 1000 + order[b & 7] + (b > 7 ? 100 : 40);
}

static void the_terminal_shows_the_cells(void **state)
{
    (void)state;
    static struct ansi ansi;
    static struct terminal terminal;
    static uint16_t cells[ANSI_ROWS][ANSI_COLUMNS];
    char text[ANSI_ROW_BYTES];

    srand(2);
    for (unsigned row = 0; row < ANSI_ROWS; row++)
        for (unsigned column = 0; column < ANSI_COLUMNS; column++)
            cells[row][column] = 0x0720;
    feed(&terminal, text, ansi_clear(&ansi, text));
    for (unsigned round = 0; round < 3000; round++) {
        unsigned row = (unsigned)rand() % ANSI_ROWS, changes = (unsigned)rand() % 81;
        for (unsigned i = 0; i < changes; i++)
            cells[row][rand() % ANSI_COLUMNS] = (uint16_t)rand();
        feed(&terminal, text, ansi_row(&ansi, row, cells[row], text));
        unsigned at = (unsigned)rand() % ANSI_COLUMNS;
        feed(&terminal, text, ansi_cursor(&ansi, row, at, text));
        assert_int_equal(terminal.row, row);
        assert_int_equal(terminal.column, at);
        for (unsigned c = 0; c < ANSI_COLUMNS; c++) {
            assert_string_equal(terminal.text[row][c], cp437_utf8((uint8_t)cells[row][c]));
            if (cells[row][c] != 0x0720)
                assert_int_equal(terminal.colour[row][c], sgr((uint8_t)(cells[row][c] >> 8)));
        }
    }
}

static void nothing_changed_is_nothing_said(void **state)
{
    (void)state;
    static struct ansi ansi;
    static uint16_t cells[ANSI_COLUMNS];
    char text[ANSI_ROW_BYTES];
    ansi_clear(&ansi, text);
    assert_true(ansi_row(&ansi, 3, cells, text) > 0);
    assert_int_equal(ansi_row(&ansi, 3, cells, text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_terminal_shows_the_cells),
        cmocka_unit_test(nothing_changed_is_nothing_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
