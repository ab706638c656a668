/*
 * idle.c - a guest that sleeps: each tick wakes it, its handler counts, and it sleeps again. It ends after SHORT_TICKS,
 * or after LONG_TICKS when its RAM is no whole number of MiB; what two such boots differ by is what the ticks between
 * have cost the machine (scripts/bench idle).
 *
 * Lines for scripts/bench:
 *   @ idle TICKS         handled
 */
#include "sdk.h"

/* So far apart that what 200 launches, ends and verdicts cost once more or less is lost in it. */
#define SHORT_TICKS 200u
#define LONG_TICKS 3200u

static volatile uint32_t ticks;

static void tick_handler(struct event *event)
{
    (void)event;
    ticks++;
}

int main(void)
{
    uint32_t enough = sdk_memory_bytes() % (1u << 20) != 0 ? LONG_TICKS : SHORT_TICKS;

    event_handle(HV_SLOT_TIMER, tick_handler, true);
    hv_enable_interrupts();
    while (ticks < enough)
        hlt();
    hv_disable_interrupts();
    printf("@ idle %u\n", ticks);
    return 0;
}
