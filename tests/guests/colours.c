/*
 * colours.c - every attribute 0..255 is accepted by set_term_color and by print_at, on every column of the screen.
 *
 * The cells are not readable by a guest; the screenshot of the system test shows them. Here: no attribute crashes, no
 * colour moves the cursor, and print_at leaves the cursor alone. expected/colours.txt holds the characters.
 */
#include "test.h"

int main(void)
{
    uint32_t row = 99, column = 99;

    for (uint32_t attribute = 0; attribute < 256; attribute++) {
        char digits[3];
        snprintf(digits, sizeof(digits), "%02X", attribute);
        hv_cons_set_cursor_pos(attribute / 16, attribute % 16 * 2);
        hv_cons_set_term_color(attribute);
        hv_print(2, digits);
        hv_print_at(2, digits, attribute / 16, 40 + attribute % 16 * 2, attribute);
    }
    hv_cons_get_cursor_pos(&row, &column);
    CHECK_EQUAL(row, 15);
    CHECK_EQUAL(column, 32);
    hv_cons_set_term_color(7);
    hv_cons_set_cursor_pos(17, 0);
    return test_result();
}
