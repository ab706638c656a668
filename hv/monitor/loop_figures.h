/*
 * loop_figures.h - how promptly the machine answers: counts and worst cases of the run loop (PURE).
 */
#ifndef MONITOR_LOOP_FIGURES_H
#define MONITOR_LOOP_FIGURES_H

#include <stdint.h>

/* Since since_ns; "worst" is 0 where nothing of the kind happened. */
struct figures {
    uint64_t since_ns;
    uint64_t turns;             /* times that a guest got the processor */
    uint64_t idle_wakes;        /* host interrupts that ended a halt of the whole machine */
    uint64_t keys;              /* key words whose way was measured */
    uint64_t key_worst_ns;      /* from the run loop's seeing a key to the guest's handler, or the end of that turn */
    uint64_t late_worst_ns;     /* from the moment an alarm was due to the run loop's seeing it */
};

extern struct figures loop_figures;

/* These two are in every turn of a guest, so they are no calls. */
static inline void figures_turn(void)
{
    loop_figures.turns++;
}

static inline void figures_alarm_late(uint64_t late_ns)
{
    if (late_ns > loop_figures.late_worst_ns)
        loop_figures.late_worst_ns = late_ns;
}

void figures_idle_wake(void);
void figures_key(uint64_t took_ns);

/* What was counted; from now_ns on it is counted anew. */
struct figures figures_take(uint64_t now_ns);

#endif
