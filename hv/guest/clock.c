/*
 * clock.c - ticks by the guest's own clock.
 */
#include "guest/clock.h"

/* How far a tick is moved: less than a period, of at most 1 s. */
static uint64_t moved_ns(uint32_t seed, uint64_t tick_ns)
{
    return (uint64_t)seed * tick_ns >> 32;
}

/* Marsaglia, "Xorshift RNGs", 2003: every number but 0, each once. */
static uint32_t next_seed(uint32_t seed)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    return seed ^ seed << 5;
}

/* Seeds that people choose lie close together: spread them first. */
void clock_seed(struct guest *guest, uint32_t seed, uint64_t tick_ns)
{
    uint32_t spread = (seed ^ seed >> 16) * 0x7FEB352Du;

    guest->state.clock.seed = next_seed(spread != 0 ? spread : 1);
    guest->state.clock.next_tick_ns += moved_ns(guest->state.clock.seed, tick_ns);
}

/* From one moved tick to the next that is not past. */
static uint64_t moved_step_ns(struct guest_clock *clock, uint64_t late_ns, uint64_t tick_ns)
{
    uint64_t step_ns = (late_ns / tick_ns + 1) * tick_ns - moved_ns(clock->seed, tick_ns);

    clock->seed = next_seed(clock->seed);
    step_ns += moved_ns(clock->seed, tick_ns);
    return step_ns > late_ns ? step_ns : step_ns + tick_ns;
}

void clock_raise_ticks(struct guest *guest, uint64_t late_ns, uint64_t tick_ns)
{
    uint64_t late_ticks = late_ns < tick_ns ? 0 : late_ns / tick_ns;

    guest->state.clock.next_tick_ns += guest->state.clock.seed ? moved_step_ns(&guest->state.clock, late_ns, tick_ns)
                                                               : (late_ticks + 1) * tick_ns;
    virq_raise_tick(&guest->state.virq);
    guest->state.virq.ticks_coalesced += late_ticks;
}
