/*
 * autorun_alarms.c - a binary heap: the alarm in place i is due no later than those in places 2 i + 1 and 2 i + 2.
 *
 * Place i is in the plan's test i, whose own alarm may be in any place.
 */
#include "monitor/autorun_alarms.h"

#include <stdbool.h>

#include "monitor/autorun_test.h"

static struct autorun_test *places;
static unsigned count;

static void put_alarm(unsigned at, unsigned index, uint64_t at_ns)
{
    places[at].alarm_index = index;
    places[at].alarm_ns = at_ns;
}

/* Of two that are due at once, that of the test which stands first in the plan. */
static bool is_before(unsigned a, unsigned b)
{
    if (places[a].alarm_ns != places[b].alarm_ns)
        return places[a].alarm_ns < places[b].alarm_ns;
    return places[a].alarm_index < places[b].alarm_index;
}

static void exchange(unsigned a, unsigned b)
{
    unsigned index = places[a].alarm_index;
    uint64_t at_ns = places[a].alarm_ns;

    put_alarm(a, places[b].alarm_index, places[b].alarm_ns);
    put_alarm(b, index, at_ns);
}

static void sink_first(void)
{
    for (unsigned at = 0, least = 0;; at = least) {
        for (unsigned below = 2 * at + 1; below <= 2 * at + 2 && below < count; below++)
            least = is_before(below, least) ? below : least;
        if (least == at)
            return;
        exchange(at, least);
    }
}

void autorun_alarms_init(struct autorun_test *tests)
{
    places = tests;
    count = 0;
}

void autorun_alarms_add(unsigned index, uint64_t at_ns)
{
    unsigned at = count++;

    put_alarm(at, index, at_ns);
    for (; at > 0 && is_before(at, (at - 1) / 2); at = (at - 1) / 2)
        exchange(at, (at - 1) / 2);
}

uint64_t autorun_alarms_first(unsigned *index)
{
    if (count == 0)
        return UINT64_MAX;
    *index = places[0].alarm_index;
    return places[0].alarm_ns;
}

void autorun_alarms_delay_first(uint64_t at_ns)
{
    if (at_ns != UINT64_MAX)
        places[0].alarm_ns = at_ns;
    else if (--count > 0)
        put_alarm(0, places[count].alarm_index, places[count].alarm_ns);
    sink_first();
}
