/*
 * screen.c - the text page: cells, scrolling as simple kernels do it, the cursor's registers.
 */
#include "lib/pc.h"

#define COLUMNS 80u
#define ROWS 25u

static volatile uint16_t *const cells = (volatile uint16_t *)0xB8000;
static unsigned position;

static void write_register(uint8_t number, uint8_t value)
{
    outb(0x3D4, number);
    outb(0x3D5, value);
}

static uint8_t read_register(uint8_t number)
{
    outb(0x3D4, number);
    return inb(0x3D5);
}

static void scroll(void)
{
    for (unsigned i = 0; i < COLUMNS * (ROWS - 1); i++)
        cells[i] = cells[i + COLUMNS];
    for (unsigned i = COLUMNS * (ROWS - 1); i < COLUMNS * ROWS; i++)
        cells[i] = 0x0700;
    position -= COLUMNS;
}

static void show(char character)
{
    if (character == '\n')
        position += COLUMNS - position % COLUMNS;
    else
        cells[position++] = (uint16_t)(0x0700 | (uint8_t)character);
    if (position >= COLUMNS * ROWS)
        scroll();
    write_register(14, (uint8_t)(position >> 8));
    write_register(15, (uint8_t)position);
}

static void show_text(const char *text)
{
    while (*text != '\0')
        show(*text++);
}

static void show_line(unsigned number)
{
    show_text("line ");
    show((char)('0' + number / 10));
    show((char)('0' + number % 10));
    show_text(" of the page\n");
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    say("screen\n");
    for (unsigned i = 0; i < COLUMNS * ROWS; i++)
        cells[i] = 0x0720;
    for (unsigned i = 0; i < 60; i++)
        show_line(i);
    check(position == COLUMNS * (ROWS - 1), "position");
    check((unsigned)read_register(14) << 8 == (position & 0xFF00) && read_register(15) == (position & 0xFF), "cursor");
    check((uint8_t)cells[5] == '3' && (uint8_t)cells[6] == '6', "scrolled");
    cells[COLUMNS * (ROWS - 1) + 79] = 0x4F21;
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
