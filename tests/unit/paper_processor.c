/*
 * paper_processor.c - the guests, the clock and the turns of tests of the scheduler.
 */
#include <string.h>

#include "paper_processor.h"

struct guest guests[GUESTS];
struct guest *first;
struct sched sched = { .tick_ns = TICK_NS };
uint64_t now_ns = 1000 * MS;

struct guest *guest_first(void)
{
    return first;
}

/* All of them are stirred, always. */
struct guest *guest_first_stirred(void)
{
    return first;
}

struct guest *guest_next_stirred(const struct guest *guest)
{
    return guest->next;
}

/* As if all had been released. */
void forget_guests(void)
{
    sched.ready = sched.sleeping = (struct queue){ .count = 0 };
    first = NULL;
}

void make_guests(unsigned count)
{
    memset(guests, 0, sizeof(guests));
    forget_guests();
    now_ns = (now_ns / TICK_NS + 1) * TICK_NS;      /* where the machine's ticks are */
    for (unsigned i = count; i-- > 0;) {
        guests[i].life.id = i + 1;
        guests[i].life.activity = GUEST_READY;
        guests[i].life.started_ns = guests[i].turns.ready_since_ns = now_ns;
        guests[i].state.clock.next_tick_ns = now_ns + TICK_NS;
        virq_init(&guests[i].state.virq);
        guests[i].next = first;
        first = &guests[i];
    }
    sched_sync(&sched, now_ns);
}

void update_clocks(void)
{
    for (struct guest *guest = first; guest; guest = guest->next)
        clock_update(guest, now_ns, TICK_NS);
    sched_wake_due(&sched, now_ns);
}

struct guest *take_turn(uint64_t most_ns)
{
    update_clocks();
    struct guest *guest = sched_next(&sched, now_ns);
    if (!guest)
        return NULL;
    uint64_t end_ns = sched_turn_end(&sched, guest, now_ns);
    now_ns = end_ns - now_ns < most_ns ? end_ns : now_ns + most_ns;
    sched_turn_ends(&sched, guest, now_ns);
    return guest;
}
