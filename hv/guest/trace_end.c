/*
 * trace_end.c - the turn that is not told yet, and the end of tracing.
 */
#include <stddef.h>

#include "cpu/cpu.h"
#include "guest/guest.h"
#include "guest/trace.h"
#include "irq/timer.h"

/* While the turn goes on, its time is not the scheduler's yet. */
struct trace_record trace_last_turn(const struct guest *guest)
{
    const struct trace *trace = guest->trace;
    uint64_t took_ns = guest->turns.run_ns - trace->turn_run_ns;

    return (struct trace_record){ .at_ns = trace->turn_ns, .kind = TRACE_TURN,
                                  .took_ns = trace_clip(took_ns != 0 ? took_ns : timer_now_ns() - trace->turn_ns) };
}

void trace_close_turn(struct guest *guest)
{
    struct trace_record record = trace_last_turn(guest);

    if (record.at_ns != 0)
        trace_keep(guest->trace, &record);
    guest->trace->turn_ns = 0;
}

void trace_disable(struct guest *guest)
{
    if (guest->trace == NULL || !guest->trace->is_on)
        return;
    trace_close_turn(guest);
    guest->trace->is_on = false;
    cpu_watch_no_more(CPU_WATCH_ALL);
}
