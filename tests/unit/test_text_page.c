/*
 * test_text_page.c - rows and the cursor of a PC's text page, with a look after every store, after some, and at rest.
 *
 * The guest is tests/vpc/screen.c in small: it fills lines, scrolls by copying, and writes the cursor's two registers.
 * Whenever somebody looks, the row log gets each of its lines, whole, once and in order.
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
#include "vpc/text_page.h"

#define CELLS TEXT_PAGE_CELLS
#define LAST (CELLS - VCON_COLS)
#define LINES 60u
#define LONG_AFTER 20001u       /* instructions, without one that has to do with the page */

static struct text_page page;
static uint16_t memory[4096 / sizeof(uint16_t)];
static uint64_t instructions;
static unsigned looks_of_16, bytes_of_copy;

static int start(void **state)
{
    (void)state;
    text_page_reset(&page);
    page.console = fresh();
    for (unsigned i = 0; i < CELLS; i++)
        memory[i] = TEXT_PAGE_BLANK;
    instructions = 0;
    looks_of_16 = 0;
    bytes_of_copy = 2;
    return 0;
}

static void look(uint64_t now)
{
    crtc_settle(&page.crtc, now);
    text_page_show(&page, memory + page.crtc.start.shown, now);
}

/* One instruction is done; perhaps somebody looks. */
static void step(void)
{
    instructions++;
    if (random_below(16) < looks_of_16)
        look(instructions);
}

static void put(uint32_t cell, uint16_t value)
{
    text_page_store(&page, (uint8_t *)memory, 2 * cell, 2, value);
    step();
}

static void write_register(uint8_t number, uint8_t value)
{
    crtc_write(&page.crtc, 0x3D4, number);
    step();
    crtc_write(&page.crtc, 0x3D5, value);
    step();
}

static void write_pair(uint8_t high, uint32_t cell, bool is_low_first)
{
    write_register(high + is_low_first, (uint8_t)(is_low_first ? cell : cell >> 8));
    write_register(high + !is_low_first, (uint8_t)(is_low_first ? cell >> 8 : cell));
}

static void scroll(void)
{
    for (unsigned i = 0; i < 2 * LAST; i += bytes_of_copy) {
        uint32_t value = 0;
        memcpy(&value, (const uint8_t *)memory + i + 2 * VCON_COLS, bytes_of_copy);
        text_page_store(&page, (uint8_t *)memory, i, bytes_of_copy, value);
        step();
    }
    for (unsigned i = LAST; i < CELLS; i++)
        put(i, 0x0700);
}

/* A line of text as a simple kernel shows it; the cursor goes with each character. */
static uint32_t show_line(uint32_t at, const char *text, bool is_low_first)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            at += VCON_COLS - at % VCON_COLS;
        else
            put(at++, (uint16_t)(0x0700 | (uint8_t)*text));
        if (at >= CELLS) {
            scroll();
            at -= VCON_COLS;
        }
        write_pair(0x0E, at, is_low_first);
    }
    return at;
}

static void expect_lines(bool is_low_first)
{
    char text[VCON_COLS + 1];
    uint32_t at = 0;

    for (unsigned i = 0; i < LINES; i++) {
        snprintf(text, sizeof(text), "line %02u of the page\n", i);
        at = show_line(at, text, is_low_first);
    }
    look(NEXT_STEP_IDLE);
    assert_int_equal(page.console->row, VCON_ROWS - 1);
    assert_int_equal(page.console->column, 0);
    for (unsigned i = 0; i < LINES; i++) {
        snprintf(text, sizeof(text), "line %02u of the page", i);
        expect_row(page.console, text);
    }
    expect_row(page.console, NULL);
}

static void test_each_line_is_one_row_whenever_one_looks(void **state)
{
    for (unsigned round = 0; round < 64; round++) {
        (void)start(state);
        random_state = round + 1;
        looks_of_16 = round % 17;
        bytes_of_copy = 1u << round % 3;
        expect_lines(round & 1);
    }
}

/* Row 3, column 10 is cell 250; the next row's begin, 320, has another high byte: between them is 506, in row 6. */
static void test_looks_between_the_cursors_registers(void **state)
{
    (void)state;
    put(0, 0x0741);
    write_pair(0x0E, 250, false);
    look(1);
    assert_int_equal(page.console->row, 3);
    write_register(0x0E, 1);
    look(2);
    assert_int_equal(page.console->row, 3);
    assert_int_equal(crtc_cursor(&page.crtc), 506);
    write_register(0x0F, 320 - 256);
    look(3);
    assert_int_equal(page.console->row, 4);
    assert_int_equal(page.console->column, 0);
}

/* The start, too: what is shown is one whole page or the other. */
static void test_looks_between_the_starts_registers(void **state)
{
    (void)state;
    put(0, 0x0741);
    write_pair(0x0C, 240, true);
    write_register(0x0D, 320 - 256);
    assert_int_equal(page.crtc.start.shown, 240);
    write_register(0x0C, 1);
    assert_int_equal(page.crtc.start.shown, 320);
}

/* A guest that writes one register only is shown late, but shown: at its next write, at rest, and after a while. */
static void test_one_register_of_the_cursor(void **state)
{
    (void)state;
    put(0, 0x0741);
    write_register(0x0F, 81);
    look(10);
    assert_int_equal(page.console->row, 0);
    write_register(0x0F, 82);
    look(11);
    assert_int_equal(page.console->column, 1);
    assert_int_equal(page.console->row, 1);
    look(11 + LONG_AFTER - 1);
    assert_int_equal(page.console->column, 1);
    look(11 + LONG_AFTER);
    assert_int_equal(page.console->column, 2);
    write_register(0x0F, 83);
    look(NEXT_STEP_IDLE);
    assert_int_equal(page.console->column, 3);
}

/* The BIOS has both at once. */
static void test_the_cursor_is_placed(void **state)
{
    (void)state;
    put(0, 0x0741);
    write_register(0x0E, 1);
    crtc_place_cursor(&page.crtc, 165);
    look(1);
    assert_int_equal(page.console->row, 2);
    assert_int_equal(page.console->column, 5);
    assert_int_equal(crtc_cursor(&page.crtc), 165);
    crtc_write(&page.crtc, 0x3D4, 0x0F);
    assert_int_equal(crtc_read(&page.crtc, 0x3D5), 165);
}

/* A scroll that stops half way is shown as it is, when the guest halts or does other things for long. */
static void test_half_a_scroll(void **state)
{
    (void)state;
    for (unsigned row = 0; row < VCON_ROWS; row++)
        put(row * VCON_COLS, (uint16_t)(0x0741 + row));
    look(1);
    for (unsigned i = 0; i < 2 * VCON_COLS; i++)
        put(i, memory[i + VCON_COLS]);
    look(2);
    assert_int_equal(vcon_cell(page.console, 0, 0), 0x0741);
    look(2 + LONG_AFTER);
    assert_int_equal(vcon_cell(page.console, 0, 0), 0x0742);
    for (unsigned i = 0; i < VCON_COLS; i++)
        put(i, memory[i + VCON_COLS]);
    look(NEXT_STEP_IDLE);
    assert_int_equal(vcon_cell(page.console, 0, 0), 0x0743);
}

/* Two looks that meet two scrolls at the same place are no long look at one. */
static void test_looks_at_the_same_place_of_two_scrolls(void **state)
{
    (void)state;
    for (unsigned row = 0; row < VCON_ROWS; row++)
        put(row * VCON_COLS, (uint16_t)(0x0741 + row));
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned cell = 0; cell < LAST; cell++) {
            put(cell, memory[cell + VCON_COLS]);
            if (cell == 10)
                look(instructions += LONG_AFTER);
        }
        put(LAST, TEXT_PAGE_BLANK);
    }
    look(NEXT_STEP_IDLE);
    write_pair(0x0E, LAST, false);
    look(NEXT_STEP_IDLE);
    for (unsigned row = 0; row < VCON_ROWS; row++)
        expect_row(page.console, (const char[]){ (char)('A' + row), '\0' });
    expect_row(page.console, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_each_line_is_one_row_whenever_one_looks, start),
        cmocka_unit_test_setup(test_looks_between_the_cursors_registers, start),
        cmocka_unit_test_setup(test_looks_between_the_starts_registers, start),
        cmocka_unit_test_setup(test_one_register_of_the_cursor, start),
        cmocka_unit_test_setup(test_the_cursor_is_placed, start),
        cmocka_unit_test_setup(test_half_a_scroll, start),
        cmocka_unit_test_setup(test_looks_at_the_same_place_of_two_scrolls, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
