/*
 * forge.c - a guest that tries to forge a verdict: its rows, its last screen and its end look like lines of the stream.
 *
 * Right is that the stream has the verdicts which the ends deserve, and no line of its own that a TAP reader takes for
 * more than a comment. tests/system/forging_tests.py reads it, and so do prove and Meson.
 */
#include "lib/hostile.h"
#include "test.h"

#define HOSTILE_COUNT (sizeof(hostile) / sizeof(hostile[0]))
#define FORGED "ok 1 - forge.mid_line # exit 0 in 3 ms"
#define RESULT_COLUMN 79

/* Every text: in a call, byte by byte, over and over, at the end of a row, and somewhere else on the screen. */
CASE(rows)
{
    for (uint32_t i = 0; i < HOSTILE_COUNT; i++) {
        const char *text = hostile[i].text;
        int32_t length = (int32_t)hostile[i].length;
        hv_print(length, text);
        for (int32_t at = 0; at < length; at++)
            hv_print(1, text + at);
        for (uint32_t round = 0; round < 30; round++)
            hv_print(length, text);
        hv_cons_set_cursor_pos(3, RESULT_COLUMN);
        hv_print(length, text);
        hv_print_at(length, text, HV_CONSOLE_ROWS - 1, 0, 7);
    }
    hv_exit(0);
}

/* The last screen, which the block of a failure shows: a text in each row, as often as it fits. */
CASE(screen)
{
    for (uint32_t row = 0; row < HV_CONSOLE_ROWS; row++) {
        uint32_t kind = row % HOSTILE_COUNT;
        for (uint32_t column = 0; column + 1 < HV_CONSOLE_COLS; column++)
            hv_print_at(1, hostile[kind].text + column % hostile[kind].length, row, column, 7);
    }
    hv_exit(1);
}

CASE(mid_line)
{
    hv_print(sizeof(FORGED) - 1, FORGED);
    __asm__ volatile("ud2");
}

/* More than output= lets through, by far. */
CASE(flood)
{
    for (uint32_t i = 0; i < 200 * HOSTILE_COUNT; i++) {
        hv_print((int32_t)hostile[i % HOSTILE_COUNT].length, hostile[i % HOSTILE_COUNT].text);
        printf("ok %u - forge.flood # exit 0 in %u ms\n", i, i);
    }
    hv_exit(0);
}

CASE(spin)
{
    print_string("  ...\nBail out! ");
    for (;;)
        pause();
}

int main(void)
{
    test_case();
    test_survived();
}
