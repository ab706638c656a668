/*
 * console_walk.c - the rules of the console (docs/abi.md "Console and timer"), cell by cell.
 *
 * Each rule leaves a mark on the screen, and expected/console_walk.txt, written by hand from the rules, says where; the
 * system test compares it with the dumped console. The cursor is checked here after each step: eager wrap and scroll
 * show in the cursor before they show in the cells.
 */
#include "test.h"

static void step(const char *text, uint32_t bytes, uint32_t row, uint32_t column)
{
    uint32_t got_row = 99, got_column = 99;

    hv_print((int32_t)bytes, text);
    hv_cons_get_cursor_pos(&got_row, &got_column);
    if (got_row != row || got_column != column)
        hv_exit((int32_t)(got_row << 16 | got_column << 8 | 1));
}

int main(void)
{
    step("abc\rX", 5, 0, 1);                    /* CR goes back, and what stands there stays */
    step("\n12\b3", 5, 1, 2);                   /* BS goes back and blanks */
    step("\n\b\bA", 4, 2, 1);                   /* but not beyond column 0 */
    step("\n\x01\x02\t\x1B\x7F", 6, 3, 5);      /* other control bytes are cells */
    step("a\0b", 3, 3, 8);                      /* so is NUL */
    step("\n01234567890123456789012345678901234567890123456789012345678901234567890123456789", 81, 5, 0);
    step("\nend", 4, 6, 3);                     /* the wrap came before the newline: row 5 stays empty */

    hv_print_at(2, "at", 20, 10, 0x4E);
    hv_print_at(4, "wrap", 21, 78, 0x4E);
    step("", 0, 6, 3);                          /* print_at puts the cursor back */

    hv_cons_set_cursor_pos(24, 0);
    step("last row\n", 9, 24, 0);               /* everything one up */
    hv_print_at(1, "s", 24, 79, 7);             /* column 79 of the last row: one up again, at once */
    step("", 0, 24, 0);                         /* the saved cursor does not move with the scroll */
    hv_cons_set_cursor_pos(10, 40);
    step("\xE1\xF8", 2, 10, 42);
    return 0;
}
