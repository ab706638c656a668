/*
 * panic_screen.c - the last words: white on red from the top of the framebuffer, and on the serial line, from any
 * state.
 */
#include <stdbool.h>

#include "base/string.h"
#include "io/console.h"
#include "io/framebuffer.h"
#include "io/serial.h"

#define ATTRIBUTE 0x4F00

static unsigned row, column;
static uint16_t cells[VCON_COLS];

static void clear_line(void)
{
    for (unsigned i = 0; i < VCON_COLS; i++)
        cells[i] = ATTRIBUTE | ' ';
}

/* Longer reports than the screen stay readable from their beginning: what does not fit is on serial only. */
static void end_line(void)
{
    if (row < VCON_ROWS)
        framebuffer_draw_row(row, cells, VCON_COLS);
    row++;
    column = 0;
    clear_line();
}

void console_panic_write(const char *text)
{
    if (row == 0 && column == 0)
        clear_line();
    for (const char *at = text; *at; at++) {
        if (*at == '\n' || column == VCON_COLS)
            end_line();
        if (*at != '\n')
            cells[column++] = (uint16_t)(ATTRIBUTE | (uint8_t)*at);
    }
    serial_panic_write(text, strlen(text));
}
