/*
 * request.c - see request.h.
 */
#include "guest/request.h"

#include <stddef.h>

#include "base/check.h"
#include "guest/balloon.h"
#include "guest/clone.h"
#include "guest/guest.h"
#include "guest/launch.h"
#include "guest/sched.h"
#include "io/console.h"
#include "irq/timer.h"

#define KILL_STEPS 30u

static struct request *first;
static struct request **end_link = &first;
static bool start_is_under_way;             /* the first has begun */
static struct request wanted_view = { .kind = REQUEST_VIEW };

void request_post(struct request *request)
{
    if (request->is_queued)
        return;
    request->is_queued = true;
    request->next = NULL;
    *end_link = request;
    end_link = &request->next;
}

void request_end(struct guest *guest, bool is_timeout)
{
    struct request *request = &guest->requests.end;

    if (request->is_queued || guest->requests.release.is_queued)
        return;
    *request = (struct request){ .kind = REQUEST_END, .guest = guest, .is_timeout = is_timeout };
    request_post(request);
}

void request_release(struct guest *guest)
{
    struct request *request = &guest->requests.release;

    CHECK(!request->is_queued);
    *request = (struct request){ .kind = REQUEST_RELEASE, .guest = guest };
    request_post(request);
}

void request_type(struct request *request, struct guest *guest, const uint32_t *words, unsigned count)
{
    CHECK(!request->is_queued);
    if (guest->requests.release.is_queued)
        return;
    *request = (struct request){ .kind = REQUEST_TYPE, .guest = guest, .words = words, .count = count };
    request_post(request);
}

bool request_clone(struct request *request, struct guest *source, struct clone *clone)
{
    if (source->requests.release.is_queued)
        return false;
    request->kind = REQUEST_CLONE;
    request->guest = source;
    request->clone = clone;
    request_post(request);
    return true;
}

void request_view(struct console *console)
{
    wanted_view.console = console;
    request_post(&wanted_view);
}

static void kill_from_console(void *owner)
{
    request_end(owner, false);
}

/* False: it goes on with more steps. */
static bool start_guest(struct request *request, uint32_t *steps)
{
    request->start->reason[0] = '\0';
    if (!launch_step(request->start, &request->guest, steps))
        return false;
    if (request->guest != NULL)
        request->guest->console.kill = kill_from_console;
    return true;
}

static bool clone_guest(struct request *request, uint32_t *steps)
{
    uint32_t pieces = *steps / CLONE_STEP_COST;
    bool is_over = clone_step(request->guest, request->clone, &pieces);

    *steps = pieces * CLONE_STEP_COST;
    return is_over;
}

/* Whoever has guests made has the less time for itself: it takes no more from others by that. */
static bool make_for(bool (*make)(struct request *request, uint32_t *steps), struct request *request,
                     struct guest *payer, uint32_t *steps)
{
    if (payer == NULL)
        return make(request, steps);
    uint64_t began_ns = timer_now_ns();
    bool is_over = make(request, steps);
    uint64_t spent_ns = timer_now_ns() - began_ns;

    payer->turns.run_ns += spent_ns;
    sched_charge(payer, spent_ns);
    guest_stir(payer);
    return is_over;
}

static bool start_or_withdraw(struct request *request, uint32_t *steps)
{
    if (request->start->is_withdrawn) {
        launch_withdraw();
        return true;
    }
    return make_for(start_guest, request, request->start->payer, steps);
}

/* False: it goes on with more steps, or waits until somebody has given memory back, and all behind it with it. */
static bool start_on(struct request *request, uint32_t *steps, uint64_t now_ns)
{
    if (*steps == 0 || (!start_is_under_way && !request->start->is_withdrawn && balloon_launch_waits(now_ns)))
        return false;
    start_is_under_way = !start_or_withdraw(request, steps);
    return !start_is_under_way;
}

/* Nobody shows what is gone: a view that still waits is forgotten. */
static void release_guest(struct guest *guest)
{
    if (wanted_view.console == &guest->console)
        wanted_view.console = NULL;
    guest_release(guest);
}

/*
 * An end is no launch, but whoever waits for the look to be over does not mind which it is. A report on a guest whose
 * time is up takes some 0.4 M instructions: one a look. A kill takes 0.1 M where it ends as many children as may be.
 */
static void charge_end(const struct request *request, uint32_t *steps)
{
    bool tells = request->is_timeout && request->guest->life.activity != GUEST_ENDED;

    *steps = tells || *steps < KILL_STEPS ? 0 : *steps - KILL_STEPS;
}

static void carry_out_short(struct request *request)
{
    switch (request->kind) {
    case REQUEST_START:     /* done: carry_out_pieces */
    case REQUEST_CLONE:
        break;
    case REQUEST_END:
        if (request->is_timeout)
            guest_end_timeout(request->guest);
        else
            guest_kill(request->guest);
        break;
    case REQUEST_RELEASE:
        release_guest(request->guest);
        break;
    case REQUEST_TYPE:
        for (unsigned i = 0; i < request->count; i++)
            request->guest->console.key(request->guest->console.owner, request->words[i]);
        break;
    case REQUEST_VIEW:
        if (request->console != NULL)
            console_view(request->console);
        break;
    }
}

static void take_first(void)
{
    struct request *request = first;

    first = request->next;
    if (first == NULL)
        end_link = &first;
    request->is_queued = false;
}

/* What is long work. False: it goes on with more steps. */
static bool carry_out_pieces(struct request *request, uint32_t *steps, uint64_t now_ns)
{
    switch (request->kind) {
    case REQUEST_START:
        return start_on(request, steps, now_ns);
    case REQUEST_CLONE:
        return *steps >= CLONE_STEP_COST && make_for(clone_guest, request, request->clone->payer, steps);
    default:
        return true;
    }
}

/* False: it is long work, which goes on. Afterwards the request may be gone: it was its guest's. */
static bool carry_out_first(uint32_t *steps, uint64_t now_ns)
{
    struct request *request = first;
    void (*answer)(struct request *, uint64_t) = request->answer;

    if (!carry_out_pieces(request, steps, now_ns))
        return false;
    if (request->kind == REQUEST_END)
        charge_end(request, steps);
    take_first();
    carry_out_short(request);
    if (answer != NULL)
        answer(request, now_ns);
    return true;
}

/* Bound: requests_max, and start_steps of starts, copies and ends; the first that waits is carried out in any case. */
bool request_serve(unsigned requests_max, uint32_t start_steps, uint64_t now_ns)
{
    bool any = first != NULL;

    while (first != NULL && requests_max-- > 0 && carry_out_first(&start_steps, now_ns) && start_steps > 0)
        ;
    return any;
}

bool request_waits(void)
{
    return first != NULL;
}
