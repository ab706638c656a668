/*
 * @NAME@.c - a guest kernel: counts five ticks of the timer and ends.
 */
#include "sdk.h"

static volatile uint32_t ticks;

static void timer(struct event *event)
{
    (void)event;
    ticks++;
}

int main(void)
{
    event_handle(HV_SLOT_TIMER, timer, true);
    hv_enable_interrupts();
    while (ticks < 5)
        hlt();
    printf("@NAME@: %u ticks\n", ticks);
    return 0;
}
