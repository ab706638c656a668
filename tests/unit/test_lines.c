/*
 * test_lines.c - io/lines and line_screen: a terminal that knows characters, CR, LF and backspace, and nothing else,
 * must have all that was printed, in order, however slow its line is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/line_screen.h"
#include "io/scrollback.h"
#include "io/serial.h"

#define LINES_MAX 1000
#define SECOND_NS 1000000000ull

static struct {
    char text[LINES_MAX][200];
    unsigned line, column;
} paper;
static size_t room;                 /* of the serial ring */
static struct vcon console;
static struct scrollback history;
static struct line_screen screen;

size_t serial_tx_space(void)
{
    return room;
}

size_t serial_tx(const char *bytes, size_t length)
{
    assert_true(length <= LINES_STEP_BYTES && length <= room);
    room -= length;
    for (size_t i = 0; i < length; i++) {
        char *line = paper.text[paper.line];
        if (bytes[i] == '\r') {
            paper.column = 0;
        } else if (bytes[i] == '\n') {
            assert_true(++paper.line < LINES_MAX);
        } else if (bytes[i] == '\b') {
            assert_true(paper.column > 0);
            paper.column--;
        } else {
            assert_true(bytes[i] >= ' ' && bytes[i] <= '~');
            line[paper.column++] = bytes[i];
            assert_true(paper.column < sizeof(paper.text[0]));
        }
    }
    return length;
}

static void *new_page(size_t bytes)
{
    return calloc(1, bytes);
}

static int begin(void **state)
{
    (void)state;
    memset(&paper, 0, sizeof(paper));
    vcon_init(&console);
    scrollback_init(&history, new_page);
    console.history = &history;
    line_screen_begin(&screen, &console);
    room = 16384;
    return 0;
}

static int end(void **state)
{
    (void)state;
    scrollback_free(&history, free);
    return 0;
}

static void print(const char *text)
{
    vcon_write(&console, (const uint8_t *)text, strlen(text));
    vcon_settle(&console);
}

static bool draw(uint64_t now_ns)
{
    room = 16384;
    return line_screen_draw(&screen, &console, now_ns);
}

/* A line of the paper without blanks at its end. */
static const char *on_paper(unsigned line)
{
    static char text[200];
    size_t length = strlen(strcpy(text, paper.text[line]));

    while (length > 0 && text[length - 1] == ' ')
        text[--length] = '\0';
    return text;
}

static void a_prompt_is_typed_at(void **state)
{
    (void)state;
    print("hello\ncobble> ");
    assert_false(draw(0));
    assert_string_equal(on_paper(0), "hello");
    assert_string_equal(paper.text[1], "cobble> ");     /* with the blank that the cursor is behind */
    print("lx");
    draw(0);
    print("\bsy");
    draw(0);
    assert_in_range(room, 16384 - 8, 16384);            /* what goes is taken back, the line is not written anew */
    print("\b \b");
    draw(0);
    assert_string_equal(on_paper(1), "cobble> ls");
    print("\n");
    draw(0);
    assert_string_equal(on_paper(1), "cobble> ls");
    print("file\nshort text");
    draw(0);
    print("\rvery much longer than it was");
    draw(0);
    assert_string_equal(on_paper(2), "file");
    assert_string_equal(on_paper(3), "very much longer than it was");
    assert_int_equal(paper.line, 3);
}

/* Lines of any length, also longer than a row, drawn now and then on a line that seldom has room. */
static void nothing_is_lost(void **state)
{
    static char printed[LINES_MAX][VCON_COLS + 1];
    unsigned count = 0;
    bool waits = false;

    (void)state;
    srand(1);
    for (; count < 700; count++) {
        snprintf(printed[count], sizeof(printed[count]), "%u%.*s", count, rand() % 75,
                 " the same text again and again, so that rows are alike but for their number ..");
        print(printed[count]);
        if (rand() % 8 == 0) {
            room = (size_t)(rand() % 3000);
            (void)line_screen_draw(&screen, &console, 0);
        }
        print("\n");
        if (rand() % 40 == 0)
            assert_false(draw(0));
    }
    for (unsigned i = 0; i < 100 && (waits = draw(0)); i++)
        ;
    assert_false(waits);
    assert_int_equal(paper.line, count);
    for (unsigned i = 0; i < count; i++) {
        size_t length = strlen(printed[i]);
        while (length > 0 && printed[i][length - 1] == ' ')
            printed[i][--length] = '\0';
        assert_string_equal(on_paper(i), printed[i]);
    }
}

static void equal_rows_all_come(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++)
        print("tick\n");
    while (draw(0))
        ;
    assert_int_equal(paper.line, 300);
    assert_string_equal(on_paper(299), "tick");
}

static void what_is_not_kept_is_told(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SCROLLBACK_ROWS + 200; i++)
        print("x\n");
    room = 2 * LINES_STEP_BYTES;
    assert_true(line_screen_draw(&screen, &console, 0));
    assert_string_equal(on_paper(0), "...");
}

static void changes_in_place_are_repeated(void **state)
{
    (void)state;
    print("clock 1\nand more\n> ");
    draw(5 * SECOND_NS);
    assert_true(line_screen_next_ns(&screen) == UINT64_MAX);
    vcon_write_at(&console, (const uint8_t *)"2", 1, 0, 6, 7);
    vcon_settle(&console);
    draw(5 * SECOND_NS);
    assert_string_equal(on_paper(2), ">");
    assert_string_equal(on_paper(3), "clock 2");
    assert_string_equal(on_paper(4), ">");
    vcon_write_at(&console, (const uint8_t *)"3", 1, 0, 6, 7);
    vcon_settle(&console);
    draw(5 * SECOND_NS + 1);
    assert_int_equal(paper.line, 4);                /* not yet */
    assert_true(line_screen_next_ns(&screen) == 6 * SECOND_NS);
    draw(6 * SECOND_NS);
    assert_string_equal(on_paper(5), "clock 3");
}

static void a_clear_begins_anew(void **state)
{
    (void)state;
    print("one\ntwo\nthree");
    draw(0);
    vcon_write_at(&console, (const uint8_t *)"O", 1, 0, 0, 7);
    vcon_settle(&console);
    draw(0);
    assert_string_equal(on_paper(3), "One");        /* and no other for a second */
    vcon_init(&console);
    console.history = &history;
    print("four\nfive");
    draw(1);
    assert_string_equal(on_paper(4), "three");
    assert_string_equal(on_paper(5), "four");
    assert_string_equal(on_paper(6), "five");
}

/* What came while another console was in view is sent when it is back, and no more; also what has scrolled off. */
static void a_view_goes_on(void **state)
{
    (void)state;
    print("one\ntwo\n> ");
    draw(0);
    line_screen_tell(&screen, "-- 1 hello");
    print("x\nthree\n> ");
    line_screen_tell(&screen, "-- 0 monitor");
    line_screen_begin(&screen, &console);
    draw(0);
    assert_string_equal(on_paper(3), "-- 1 hello");
    assert_string_equal(on_paper(4), "-- 0 monitor");
    assert_string_equal(on_paper(5), "> x");
    assert_string_equal(on_paper(6), "three");
    assert_string_equal(on_paper(7), ">");
    for (unsigned i = 0; i < 60; i++)
        print("many\n");
    line_screen_tell(&screen, "-- again");
    line_screen_begin(&screen, &console);
    while (draw(0))
        ;
    assert_string_equal(on_paper(9), "> many");
    assert_int_equal(paper.line, 9 + 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_prompt_is_typed_at, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_lost, begin, end),
        cmocka_unit_test_setup_teardown(equal_rows_all_come, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_kept_is_told, begin, end),
        cmocka_unit_test_setup_teardown(changes_in_place_are_repeated, begin, end),
        cmocka_unit_test_setup_teardown(a_clear_begins_anew, begin, end),
        cmocka_unit_test_setup_teardown(a_view_goes_on, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
