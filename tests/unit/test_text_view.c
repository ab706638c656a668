/*
 * test_text_view.c - a text page that scrolls as its start moves, as Linux's VGA console has it.
 *
 * The guest prints rows, some of which are alike. At the last row it moves the start on by whole rows, and where memory
 * ends it copies what is to remain to the beginning. Looks come at any moment; the log gets each row once, in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fresh_vcon.h"
#include "random.h"
#include "small_pc.h"
#include "vpc/display.h"
#include "vpc/text_view.h"

#define MEMORY_CELLS (TEXT_PAGE_BYTES / 2)
#define LINES 700u

static struct display display;
static uint32_t origin, place;          /* the guest's start, and where it prints, in cells of memory */
static unsigned looks_of_256;
static bool writes_words, writes_low_first;
static unsigned taken;                  /* lines that the log gave */
static const char *(*line_of)(unsigned number);

static int start(void **state)
{
    static const uint16_t blank = TEXT_PAGE_BLANK;

    (void)small_pc_start(state);
    memset(&display, 0, sizeof(display));
    vpc.text.console = fresh();
    for (uint32_t cell = 0; cell < MEMORY_CELLS; cell++)
        assert_true(vpc_store(&vpc, TEXT_PAGE_BASE + 2 * cell, &blank, sizeof(blank)));
    origin = place = 0;
    looks_of_256 = taken = 0;
    writes_words = true;
    writes_low_first = false;
    return 0;
}

static void look(bool is_idle)
{
    display_update(&display, &vpc, vpc.text.console, is_idle);
    while (vpc.text.console->log->head != vpc.text.console->log->tail)
        expect_row(vpc.text.console, line_of(taken++));
}

static void step(void)
{
    vpc.interp.cpu.retired++;
    if (random_below(256) < looks_of_256)
        look(false);
}

static void put(uint32_t cell, uint16_t value)
{
    assert_true(vpc_store(&vpc, TEXT_PAGE_BASE + cell % MEMORY_CELLS * 2, &value, sizeof(value)));
    step();
}

static void write_register(uint8_t number, uint8_t value)
{
    if (writes_words) {
        ports_write(&vpc, CRTC_PORT, 2, (uint32_t)value << 8 | number);
    } else {
        out(CRTC_PORT, number);
        step();
        out(CRTC_PORT + 1, value);
    }
    step();
}

static void write_pair(uint8_t high, uint32_t cell)
{
    write_register(high + writes_low_first, (uint8_t)(writes_low_first ? cell : cell >> 8));
    write_register(high + !writes_low_first, (uint8_t)(writes_low_first ? cell >> 8 : cell));
}

static void blank_rows(uint32_t cell, unsigned rows)
{
    for (unsigned i = 0; i < rows * VCON_COLS; i++)
        put(cell + i, TEXT_PAGE_BLANK);
}

/* Up by so many rows. wraps: the start goes round the end of memory; else what remains is copied to its beginning. */
static void scroll(unsigned rows, bool wraps)
{
    uint32_t moved = rows * VCON_COLS, kept = TEXT_PAGE_CELLS - moved;

    if (!wraps && origin + moved + TEXT_PAGE_CELLS > MEMORY_CELLS) {
        for (uint32_t i = 0; i < kept; i++)
            put(i, (uint16_t)vpc_load(&vpc, TEXT_PAGE_BASE + 2 * (origin + moved + i), 2));
        place -= origin + moved;
        origin = 0;
    } else {
        uint32_t round = origin + moved >= MEMORY_CELLS ? MEMORY_CELLS : 0;
        origin += moved - round;
        place -= round;
    }
    blank_rows(origin + kept, rows);
    write_pair(CRTC_START_HIGH, origin);
}

/* The cursor goes along now and then only, as it does in Linux. */
static void print_line(unsigned number, unsigned rows, bool wraps)
{
    char text[VCON_COLS];

    snprintf(text, sizeof(text), "%s", line_of(number));
    for (unsigned i = 0; text[i] != '\0'; i++)
        put(place + i, (uint16_t)(0x0700 | (uint8_t)text[i]));
    place += VCON_COLS;
    if (place - origin >= TEXT_PAGE_CELLS)
        scroll(rows, wraps);
    if (random_below(4) == 0)
        write_pair(CRTC_CURSOR_HIGH, place);
}

static const char *some_alike(unsigned number)
{
    static char text[32];

    if (number % 5 < 2)
        return "one of those that are alike";
    snprintf(text, sizeof(text), "row %u", number);
    return text;
}

static const char *all_alike(unsigned number)
{
    (void)number;
    return "y";
}

static void expect_lines(unsigned rows, bool wraps)
{
    for (unsigned i = 0; i < LINES; i++)
        print_line(i, rows, wraps);
    write_pair(CRTC_CURSOR_HIGH, place);
    look(true);
    assert_int_equal(taken, LINES);
    assert_int_equal(vpc.text.console->row, (place - origin) / VCON_COLS);
}

static void test_each_line_is_one_row_whenever_one_looks(void **state)
{
    static const unsigned looks[] = { 0, 1, 4, 64 }, rows[] = { 1, 2, 5, 9, 12 };

    for (unsigned round = 0; round < 48; round++) {
        random_state = round + 1;
        looks_of_256 = looks[round % 4];
        writes_words = round & 4;
        writes_low_first = round & 8;
        line_of = round % 6 == 5 ? all_alike : some_alike;
        bool wraps = round % 7 == 6;
        expect_lines(wraps ? 20 : rows[round % 5], wraps);
        (void)small_pc_stop(state);
        (void)start(state);
    }
}

static void put_rows(uint32_t cell, const char *letters)
{
    for (unsigned row = 0; letters[row] != '\0'; row++)
        put(cell + row * VCON_COLS, (uint16_t)(0x0700 | (uint8_t)letters[row]));
}

static void expect_page(const char *letters)
{
    for (unsigned row = 0; row < VCON_ROWS; row++)
        assert_int_equal(vcon_text(vpc.text.console, row)[0], letters[row]);
}

/* Another page of other rows is no scroll, nor is the same once more; the run ends, as that is much work for a byte. */
static void test_other_pages(void **state)
{
    (void)state;
    put_rows(0, "abcdefghijklmnopqrstuvwxy");
    put_rows(2048, "ABCDEFGHIJKLMNOPQRSTUVWXY");
    put_rows(4096, "nopqrstuvwxy0123456789ABC");
    put_rows(8192, "mnopqrstuvwxy0123456789AB");
    put_rows(12288, "mnopqrstuvwxy0123456789AB");
    display_update(&display, &vpc, vpc.text.console, true);
    expect_page("abcdefghijklmnopqrstuvwxy");
    vpc.interp.pauses = 0;
    write_pair(CRTC_START_HIGH, 2048);
    assert_int_equal(vpc.interp.pauses & INTERP_PAUSE_STOP, INTERP_PAUSE_STOP);
    display_update(&display, &vpc, vpc.text.console, true);
    expect_page("ABCDEFGHIJKLMNOPQRSTUVWXY");
    expect_row(vpc.text.console, NULL);
    write_pair(CRTC_START_HIGH, 0);
    write_pair(CRTC_START_HIGH, 4096);
    display_update(&display, &vpc, vpc.text.console, true);
    expect_page("nopqrstuvwxy0123456789ABC");
    expect_row(vpc.text.console, NULL);             /* 12 rows are alike: by chance */
    write_pair(CRTC_START_HIGH, 0);
    write_pair(CRTC_START_HIGH, 8192);
    for (char row = 'a'; row < 'm'; row++)          /* 13: they have moved */
        expect_row(vpc.text.console, (const char[]){ row, '\0' });
    display_update(&display, &vpc, vpc.text.console, true);
    expect_page("mnopqrstuvwxy0123456789AB");
    write_pair(CRTC_START_HIGH, 12288);
    display_update(&display, &vpc, vpc.text.console, true);
    expect_page("mnopqrstuvwxy0123456789AB");
    put_rows(0, "zzzzzzzzzzzzzzzzzzzzzzzzz");
    put_rows(2048, "zzzzzzzzzzzzzzzzzzzzzzzzz");
    write_pair(CRTC_START_HIGH, 0);
    write_pair(CRTC_START_HIGH, 2048);
    expect_page("zzzzzzzzzzzzzzzzzzzzzzzzz");
    expect_row(vpc.text.console, NULL);
}

/* Blank rows are alike by chance: a page of few rows, and one of none. */
static void test_blank_pages(void **state)
{
    (void)state;
    blank_rows(0, 100);
    put_rows(0, "abcde");
    display_update(&display, &vpc, vpc.text.console, true);
    write_pair(CRTC_START_HIGH, 3000);
    expect_row(vpc.text.console, NULL);
    display_update(&display, &vpc, vpc.text.console, true);
    expect_page("                         ");
}

/* Back, by no whole row, and by a page or more is none either. */
static void test_moves_that_are_no_scrolls(void **state)
{
    static const uint16_t starts[] = { 160, 80, 81, 0, 24 * 80 + 1, 0, 25 * 80 };

    (void)state;
    for (uint32_t cell = 0; cell < 51 * VCON_COLS; cell++)
        put(cell, (uint16_t)(0x0700 | ('!' + cell / VCON_COLS)));
    for (unsigned i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        write_pair(CRTC_START_HIGH, starts[i]);
        display_update(&display, &vpc, vpc.text.console, true);
        for (unsigned row = 0; row < VCON_ROWS; row++)
            assert_int_equal(vcon_text(vpc.text.console, row)[0], '!' + starts[i] / VCON_COLS + row);
    }
    for (char row = '!'; row <= '"'; row++) {       /* of the first move, which was one */
        char text[VCON_COLS + 1] = "";
        memset(text, row, VCON_COLS);
        expect_row(vpc.text.console, text);
    }
    expect_row(vpc.text.console, NULL);
}

/* A guest that has not used its page scrolls nothing, and one without a console loses nothing. */
static void test_starts_of_an_unused_page(void **state)
{
    struct vcon *console = vpc.text.console;

    (void)state;
    print(console, "from the serial line");
    blank_rows(0, 2 * VCON_ROWS);
    write_pair(CRTC_START_HIGH, 80);
    look(true);
    assert_int_equal(console->column, 20);
    assert_int_equal(vcon_text(console, 0)[0], 'f');
    vpc.text.console = NULL;
    put_rows(160, "xyz");
    write_pair(CRTC_START_HIGH, 160);
    assert_int_equal(vpc.text.start, 160);
    display_update(&display, &vpc, console, true);
    assert_int_equal(vcon_text(console, 2)[0], 'z');
}

/* Any starts and stores, with looks: at rest the console shows what is in memory. */
static void test_starts_at_random(void **state)
{
    uint16_t cells[TEXT_PAGE_CELLS];

    (void)state;
    random_state = 7;
    line_of = all_alike;
    for (unsigned i = 0; i < 3000; i++) {
        for (unsigned count = random_below(200); count > 0; count--) {
            uint16_t value = (uint16_t)(random_below(3) ? TEXT_PAGE_BLANK : random_u32());
            assert_true(vpc_store(&vpc, TEXT_PAGE_BASE + random_below(MEMORY_CELLS) * 2, &value, 2));
        }
        write_register((uint8_t)(CRTC_START_HIGH + random_below(4)), (uint8_t)random_u32());
        display_update(&display, &vpc, vpc.text.console, i % 3 == 0);
        vpc.text.console->log->tail = vpc.text.console->log->head;
        if (i % 3 != 0)
            continue;
        assert_int_equal(vpc.text.start, vpc.text.crtc.registers[CRTC_START_HIGH] << 8 |
                                         vpc.text.crtc.registers[CRTC_START_LOW]);
        text_view_read(&vpc, cells);
        for (unsigned cell = 0; cell < TEXT_PAGE_CELLS; cell++)
            assert_int_equal(vcon_cell(vpc.text.console, cell / VCON_COLS, cell % VCON_COLS), cells[cell]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_line_is_one_row_whenever_one_looks, start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_other_pages, start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_blank_pages, start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_moves_that_are_no_scrolls, start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_starts_of_an_unused_page, start, small_pc_stop),
        cmocka_unit_test_setup_teardown(test_starts_at_random, start, small_pc_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
