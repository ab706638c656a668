/*
 * loop_figures.c - the counters behind info (PURE).
 */
#include "monitor/loop_figures.h"

struct figures loop_figures;

void figures_idle_wake(void)
{
    loop_figures.idle_wakes++;
}

void figures_key(uint64_t took_ns)
{
    loop_figures.keys++;
    if (took_ns > loop_figures.key_worst_ns)
        loop_figures.key_worst_ns = took_ns;
}

struct figures figures_take(uint64_t now_ns)
{
    struct figures taken = loop_figures;

    loop_figures = (struct figures){ .since_ns = now_ns };
    return taken;
}
