/*
 * loop_figures.c - the counters behind info (PURE).
 */
#include "monitor/loop_figures.h"

static struct figures figures;

void figures_turn(void)
{
    figures.turns++;
}

void figures_idle_wake(void)
{
    figures.idle_wakes++;
}

void figures_key(uint64_t took_ns)
{
    figures.keys++;
    if (took_ns > figures.key_worst_ns)
        figures.key_worst_ns = took_ns;
}

void figures_alarm_late(uint64_t late_ns)
{
    if (late_ns > figures.late_worst_ns)
        figures.late_worst_ns = late_ns;
}

struct figures figures_take(uint64_t now_ns)
{
    struct figures taken = figures;

    figures = (struct figures){ .since_ns = now_ns };
    return taken;
}
