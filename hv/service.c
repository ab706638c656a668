/*
 * service.c - what is done between turns of guests: a look. It costs more the more guests want something of it, and no
 * more for those that do not.
 *
 * No piece of a look may take long, for every guest waits meanwhile: each takes a bounded number of bytes, rows, starts
 * or steps, and leaves the rest to the next look, which it asks for. A new service is one more call in service_look,
 * with its bound beside the others, and one more line where the next look is asked for.
 */
#include "service.h"

#include <stddef.h>

#include "audit_places.h"
#include "guest/balloon.h"
#include "guest/give_way.h"
#include "guest/guest.h"
#include "guest/reclaim.h"
#include "guest/request.h"
#include "guest/sched.h"
#include "io/console.h"
#include "io/input.h"
#include "io/serial.h"
#include "irq/timer.h"
#include "irq/tsc_watch.h"
#include "monitor/monitor.h"

#define NS_PER_MS 1000000ull
#define POLL_NS (10 * NS_PER_MS)
#define DRAIN_NS (1 * NS_PER_MS)
#define SETTLE_NS (20 * NS_PER_MS)          /* rows are logged once they have been still: rowlog.c */
#define REQUESTS 16             /* in a look */
#define START_STEPS 250         /* of launches in a look: some 0.3 ms of the counting machine, ten small guests */
#define RECLAIM_STEPS 1000      /* of the dead in a look: 0.1 ms of the counting machine, a tenth of others' time */
#define BETWEEN_NS (1 * NS_PER_MS)          /* looks, where guests want the processor: work that is cut goes on then */
#define LOST_NS (1000 * NS_PER_MS)          /* an edge of an interrupt line that got lost must not cost a key */

struct service service;
static bool poll_input;
static bool looks_again;                    /* only to see what came of the look before */

void service_init(bool poll)
{
    poll_input = poll;
}

/*
 * The look is for what they printed, or carried rows for which they wait. Bound, here and below: all that are stirred,
 * some ten instructions each. Who only sleeps or computes is not.
 */
static uint32_t count_payers(void)
{
    uint32_t count = 0;

    for (struct guest *guest = guest_first_stirred(); guest; guest = guest_next_stirred(guest)) {
        guest->turns.owes_look |= guest->life.activity == GUEST_BLOCKED;
        count += guest->turns.owes_look;
    }
    return count;
}

/* Who prints without an end takes no more of others' time than by its turns. */
static void charge_payers(uint64_t spent_ns)
{
    uint32_t count = count_payers();

    for (struct guest *guest = guest_first_stirred(); guest && count; guest = guest_next_stirred(guest)) {
        if (guest->turns.owes_look)
            sched_charge(guest, spent_ns / count);
        guest->turns.owes_look = false;
    }
}

/* Who waited for the serial line goes on. True: somebody still waits. */
static bool wake_blocked(const struct sched *sched, uint64_t now_ns)
{
    bool waits = false;

    for (struct guest *guest = guest_first_stirred(); guest; guest = guest_next_stirred(guest)) {
        if (guest->life.activity == GUEST_BLOCKED && !rowlog_is_full(&guest->row_log))
            sched_wake(sched, guest, now_ns);
        waits |= guest->life.activity == GUEST_BLOCKED;
    }
    return waits;
}

/*
 * Who needs nothing of the next looks is calm from then on. True: rows for the stream will have been still for long
 * enough at some time to come.
 */
static bool calm_guests(void)
{
    bool rows_wait = false;

    for (struct guest *guest = guest_first_stirred(), *next; guest; guest = next) {
        bool has_rows = rowlog_waits(&guest->row_log);
        next = guest_next_stirred(guest);
        rows_wait |= has_rows;
        if (!has_rows && guest->life.activity != GUEST_BLOCKED && guest->life.activity != GUEST_SPINNING)
            guest_calm_if_seen(guest);
    }
    return rows_wait;
}

/* Pull input, let the monitor do what is due, draw what changed; then say when to look again. */
void service_look(struct sched *sched, uint64_t now_ns)
{
    looks_again = !looks_again && (service.must_look || now_ns >= service.asked_ns);
    service.must_look = false;
    if (now_ns >= tsc_watch_next_ns) {
        tsc_watch_look(false);
        now_ns = timer_now_ns();
    }
    input_pump(now_ns);
    monitor_pump(now_ns);
    service.must_look |= request_serve(REQUESTS, START_STEPS, now_ns);   /* whoever asked looks at what came of it */
    uint64_t began_ns = timer_now_ns();
    bool output_waits = console_output_pump(now_ns);
    size_t space = serial_tx_space();
    output_waits |= serial_pump();
    output_waits |= serial_tx_space() != space;     /* there is room for more now, where it all came from */

    now_ns = timer_now_ns();
    charge_payers(now_ns - began_ns);
    output_waits |= wake_blocked(sched, now_ns);
    balloon_look(now_ns);
    uint64_t give_way_ns = give_way(sched, now_ns);
    sched_sync(sched, now_ns);
    audit_places(sched);
    bool dead_wait = reclaim_step(RECLAIM_STEPS);
    if (dead_wait)
        now_ns = timer_now_ns();    /* or the next turn would be over as it begins, where that took its time */
    service.asked_ns = earlier(earlier(monitor_next_ns(now_ns), input_next_ns()), console_next_ns());
    service.asked_ns = earlier(service.asked_ns, earlier(give_way_ns, tsc_watch_next_ns));
    if (output_waits)
        service.asked_ns = earlier(service.asked_ns, now_ns + DRAIN_NS);
    if (poll_input || looks_again)
        service.asked_ns = earlier(service.asked_ns, now_ns + POLL_NS);
    if (calm_guests())
        service.asked_ns = earlier(service.asked_ns, now_ns + SETTLE_NS);
    if (dead_wait || request_waits())
        service.asked_ns = now_ns;
    if (sched_pick(sched) && service.asked_ns < now_ns + BETWEEN_NS)
        service.asked_ns = now_ns + BETWEEN_NS;
    service.soon_ns = now_ns + BETWEEN_NS;
    service.look_ns = service.asked_ns;
    if (sched_pick(sched) || sched_next_wake_ns(sched) != UINT64_MAX)
        service.look_ns = earlier(service.asked_ns, now_ns + LOST_NS);
}
