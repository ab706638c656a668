/*
 * latency.c - one guest that waits for keys, one that computes meanwhile, and the neighbour that both would rather not
 * have: it prints what costs the hypervisor most, without a pause. tests/system/latency_tests.py runs them together.
 *
 * Alone, the first two end with 0 at the key q and the third runs until its time is up.
 */
#include "test.h"

#define MAKE 0x00010000u

static volatile uint32_t words;
static volatile bool quit;

static void tick_handler(struct event *event)
{
    (void)event;
}

static void key_handler(struct event *event)
{
    uint8_t character = (uint8_t)event->error;

    words++;
    if (!(event->error & MAKE))
        return;
    print_char((char)character);
    quit = character == 'q';
}

static void start(void)
{
    event_handle(HV_SLOT_TIMER, tick_handler, true);
    event_handle(HV_SLOT_KEYBOARD, key_handler, true);
    hv_enable_interrupts();
}

CASE(idle)
{
    start();
    while (!quit)
        hlt();
}

CASE(busy)
{
    start();
    while (!quit)
        continue;
}

CASE(print)
{
    static char newlines[HV_PRINT_MAX_BYTES];

    memset(newlines, '\n', sizeof(newlines));
    start();
    for (;;)
        hv_print(sizeof(newlines), newlines);       /* each scrolls the console */
}

int main(void)
{
    test_case();
    CHECK(words % 2 == 1 || words >= 2);    /* q at least; its break may have come, too */
    return test_result();
}
