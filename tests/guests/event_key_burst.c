/*
 * event_key_burst.c - keys that arrive while interrupts are masked wait in order; at least 256 of them.
 *
 * The manifest types 300 characters, twelve times a to y: 600 key events. The guest keeps
 * the virtual flag off for eight seconds, then takes what is there. The first 256 must be the first 256 typed, in
 * order, make and break; later ones may be missing, but none may be older than one before it.
 */
#include "ticks.h"

#define FIRST_CHARACTER 'a'
#define ROW 25

static volatile uint32_t count, wrong;

static void key_handler(struct event *event)
{
    uint32_t character = FIRST_CHARACTER + count / 2 % ROW;

    if (count < 256 && ((event->error & HV_KEY_CHAR_MASK) != character ||
                        ((event->error & HV_KEY_MAKE) != 0) != (count % 2 == 0)))
        wrong++;
    count++;
}

int main(void)
{
    event_handle(HV_SLOT_KEYBOARD, key_handler, true);
    ticks_start();
    ticks_spin(800);
    CHECK_EQUAL(count, 0);
    hv_enable_interrupts();
    for (uint32_t i = 0; i < 20; i++)
        tick_wait();
    hv_disable_interrupts();
    printf("%u key events, %u of the first 256 wrong\n", count, wrong);
    CHECK(count >= 256);
    CHECK_EQUAL(wrong, 0);
    return test_result();
}
