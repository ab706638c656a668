/*
 * full_screen.c - pictures of which every cell is new, at the pace at which they are drawn: what redrawing costs.
 *
 * "latency.picture" runs it on a large screen.
 */
#include "ticks.h"

#define PICTURES 3
#define TICKS 4         /* longer than a frame */
#define ROWS 25
#define COLUMNS 80

static void paint(uint32_t picture)
{
    char cells[COLUMNS];

    for (uint32_t row = 0; row < ROWS; row++) {
        for (uint32_t column = 0; column < COLUMNS; column++)
            cells[column] = (char)(0x21 + (row * COLUMNS + column + picture * 31) % 0xDE);
        hv_print_at(COLUMNS, cells, row, 0, (picture * 37 + row * 16 + 7) & 0xFF);
    }
}

int main(void)
{
    event_handle(HV_SLOT_TIMER, tick_handler, true);
    hv_enable_interrupts();
    for (uint32_t picture = 0; picture < PICTURES; picture++) {
        paint(picture);
        for (unsigned i = 0; i < TICKS; i++)
            tick_wait();
    }
    return 0;
}
