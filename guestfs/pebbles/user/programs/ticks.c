/*
 * ticks.c - the time since the start.
 */
#include "pebbles.h"

#define TICKS_PER_SECOND (1000 / PEBBLES_TICK_MS)

int main(void)
{
    int ticks = get_ticks();

    printf("%d ticks, %d.%02d seconds\n", ticks, ticks / TICKS_PER_SECOND,
           ticks % TICKS_PER_SECOND * 100 / TICKS_PER_SECOND);
    return 0;
}
