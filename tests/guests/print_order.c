/*
 * print_order.c - what is printed reaches the screen in its order, whatever comes between and whatever ends the guest.
 *
 * Printing may be rendered later than the call: so many bytes that they cannot all wait, cursor and colour set between
 * prints, and an end right behind the last of them. expected/print_order.*.txt, written by hand, is the screen.
 */
#include "test.h"

#define ROUNDS 200

static void print_all(void)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        hv_cons_set_cursor_pos(1, i % 7);       /* the last of each column stays */
        hv_print(1, &"0123456789"[i % 10]);
        hv_cons_set_term_color((int32_t)(i % 15 + 1));
    }
    hv_cons_set_cursor_pos(2, 0);
    for (uint32_t i = 0; i < 1000; i++)
        hv_print(4, "ab\b\r");                  /* 4,000 bytes, and not one read back */
    hv_print(5, "begin");
    hv_print_at(2, "at", 2, 5, 7);
    hv_cons_set_cursor_pos(3, 0);
    hv_print(4, "last");
}

CASE(exit)
{
    print_all();
    hv_exit(0);
}

CASE(crash)
{
    print_all();
    __asm__ volatile("ud2");
}

CASE(spin)
{
    print_all();
    for (;;)
        __asm__ volatile("");
}

/* Rows that fill the row log over and over, by calls that only print: the guest waits for the line, no row is lost. */
CASE(flood)
{
    for (uint32_t i = 0; i < 3000; i++)
        printf("row %u\n", i);
    hv_exit(0);
}

int main(void)
{
    test_case();
    test_survived();
}
