/*
 * print_sizes.c - hv_print of 0, 1, 410, 2017 and 4096 bytes, from buffers that cross page boundaries.
 *
 * The cursor tells how many cells were written: every byte here is an ordinary character, so it moves by exactly the
 * length (modulo the screen, which scrolls). Each length is tried aligned, ending at, and crossing a page boundary.
 */
#include "test.h"

static char buffer[4 * 4096] __attribute__((aligned(4096)));

static void print_check(uint32_t length, uint32_t offset)
{
    uint32_t row = 99, column = 99;
    uint32_t expected_row = length / HV_CONSOLE_COLS;

    hv_cons_set_cursor_pos(0, 0);
    hv_print((int32_t)length, buffer + offset);
    hv_cons_get_cursor_pos(&row, &column);
    CHECK_EQUAL(column, length % HV_CONSOLE_COLS);
    CHECK_EQUAL(row, expected_row < HV_CONSOLE_ROWS ? expected_row : HV_CONSOLE_ROWS - 1);
}

int main(void)
{
    static const uint32_t lengths[] = { 0, 1, 409, 410, 2000, 2017, 4095, 4096 };

    for (uint32_t i = 0; i < sizeof(buffer); i++)
        buffer[i] = (char)('!' + i % 90);
    for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        print_check(lengths[i], 0);
        print_check(lengths[i], 8192 - lengths[i]);
        print_check(lengths[i], 4095);
        print_check(lengths[i], 8192 - lengths[i] / 2);
    }
    hv_cons_set_cursor_pos(24, 0);
    print_string("\n");
    return test_result();
}
