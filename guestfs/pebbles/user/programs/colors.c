/*
 * colors.c - the 256 colours of the console, in a square drawn with the cursor.
 */
#include "pebbles.h"

#define SIDE 16

static void draw(int row)
{
    for (int color = 0; color < SIDE * SIDE; color++) {
        set_cursor_pos(row + color / SIDE, color % SIDE * 4);
        set_term_color(color);
        printf(" %02x ", (unsigned)color);
    }
}

int main(void)
{
    int row, column;

    for (int i = 0; i < SIDE; i++)
        print_string("\n");                     /* so much room at the bottom */
    if (get_cursor_pos(&row, &column) < 0)
        return 1;
    draw(row - SIDE);
    set_term_color(0x07);
    set_cursor_pos(row, 0);
    return 0;
}
