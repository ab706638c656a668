/*
 * event_key_words.c - the key words of typed text, one by one (docs/abi.md "Keyboard word").
 *
 * The manifest has "a1", Enter typed. Each key is two interrupts, make and break, in order; modifiers of other keys do
 * not appear. Wrong words are printed with the ones expected; a key that never comes ends in the time-out.
 */
#include "test.h"

static const uint32_t expected[] = { 0x000D6161, 0x000C6161, 0x000D3131, 0x000C3131, 0x000D0A0A, 0x000C0A0A };
static volatile uint32_t count;

static void tick_handler(struct event *event)
{
    (void)event;
}

static void key_handler(struct event *event)
{
    CHECK_EQUAL(event->address, 0);
    if (count < sizeof(expected) / sizeof(expected[0]))
        CHECK_EQUAL(event->error, expected[count]);
    count++;
}

int main(void)
{
    event_handle(HV_SLOT_TIMER, tick_handler, true);
    event_handle(HV_SLOT_KEYBOARD, key_handler, true);
    hv_enable_interrupts();
    while (count < sizeof(expected) / sizeof(expected[0]))
        hlt();
    hv_disable_interrupts();
    return test_result();
}
