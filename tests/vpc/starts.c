/*
 * starts.c - a text page that scrolls by its start: the CRT controller shows what is further on in memory, and at the
 * end of memory the page is copied to its beginning. First by a row each time, every eighth like the others of its
 * kind; then by a page less a row, full rows, as fast as it can, which is many more than may wait for a serial line.
 * Each row must be told once, in order.
 */
#include "lib/pc.h"

#define COLUMNS 80u
#define ROWS 25u
#define MEMORY_ROWS 204u
#define SHOWN 400u
#define STEP (ROWS - 1)
#define STEPS ((MEMORY_ROWS - ROWS) / STEP)
#define ROUNDS 8u
#define BLANK 0x0720u

static volatile uint16_t *const cells = (volatile uint16_t *)0xB8000;
static uint32_t start;              /* the first row that is shown */

static void write_pair(uint8_t high, uint32_t value)
{
    outw(0x3D4, (uint16_t)((value & 0xFF00) | high));
    outw(0x3D4, (uint16_t)(value << 8 | (high + 1u)));
}

static void blank(uint32_t row, uint32_t count)
{
    for (uint32_t i = row * COLUMNS; i < (row + count) * COLUMNS; i++)
        cells[i] = BLANK;
}

static void copy(uint32_t from, uint32_t count)
{
    for (uint32_t i = 0; i < count * COLUMNS; i++)
        cells[i] = cells[from * COLUMNS + i];
}

static void write_number(uint32_t cell, unsigned number)
{
    for (unsigned i = 4; i-- > 0; number /= 10)
        cells[cell + i] = (uint16_t)(0x0730 + number % 10);
}

static void show_last_row(unsigned number)
{
    static const char alike[] = "a row like others";
    uint32_t at = (start + ROWS - 1) * COLUMNS;

    if (number % 8 != 7) {
        write_number(at, number);
        return;
    }
    for (unsigned i = 0; alike[i] != '\0'; i++)
        cells[at + i] = (uint16_t)(0x0700 | (uint8_t)alike[i]);
}

static void scroll(void)
{
    if (start + ROWS == MEMORY_ROWS) {
        copy(start + 1, ROWS - 1);
        start = 0;
    } else {
        start++;
    }
    blank(start + ROWS - 1, 1);
    write_pair(0x0C, start * COLUMNS);
}

static void show_pages(unsigned first)
{
    for (uint32_t row = ROWS; row < ROWS + STEPS * STEP; row++)
        for (uint32_t column = 0; column < COLUMNS; column += 4)
            write_number(row * COLUMNS + column, first + row - ROWS);
    for (unsigned step = 1; step <= STEPS; step++)
        write_pair(0x0C, step * STEP * COLUMNS);
    copy(STEPS * STEP, ROWS);
    write_pair(0x0C, 0);
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    blank(0, ROWS);
    write_pair(0x0E, (ROWS - 1) * COLUMNS);
    for (unsigned i = 0; i < SHOWN; i++) {
        if (i != 0)
            scroll();
        show_last_row(i);
    }
    copy(start, ROWS);
    write_pair(0x0C, 0);
    for (unsigned i = 0; i < ROUNDS; i++)
        show_pages(SHOWN + i * STEPS * STEP);
    say("starts\n");
    return 42;
}
