/*
 * trace.c - look at a traced guest's traps before and after they are answered, and keep records of what that was.
 *
 * Calls and deliveries are found in guest->events, where every path leaves them. What is delivered as a turn begins is
 * no trap: the next trap finds it, and it has the turn's time. Turns are told when they are over, by the times of the
 * scheduler, so that nothing is asked where a guest is entered and left.
 */
#include "guest/trace.h"

#include <stddef.h>

#include "cpu/entry_calls.h"
#include "cpu/insn.h"
#include "cpu/vectors.h"
#include "guest/debug_access.h"
#include "guest/debug_stop.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/strict.h"
#include "irq/timer.h"

#define IRET_ESP0 12                /* where that word of hv_iret is, from ESP: docs/abi.md */

/* What a trap finds before it is answered. */
struct trace_before {
    uint64_t at_ns, linear;     /* CR2 */
    uint64_t hidden_faults, events;
    uint32_t eip, eax, vector;
    bool is_user, goes_to_user;         /* the guest; its hv_iret, if that is the call */
};

/*
 * The events that the guest's own ring got since; calls began at at_ns. Each delivery finds the guest where what came
 * before left it. Bound: GUEST_EVENTS.
 */
static void keep_events(struct guest *guest, const struct trace_before *before, uint64_t at_ns, uint64_t now_ns)
{
    struct trace *trace = guest->trace;
    uint64_t count = events_count(&guest->events);
    bool is_user = before->is_user;

    if (count - trace->seen_events > GUEST_EVENTS)
        trace->seen_events = count - GUEST_EVENTS;
    for (; trace->seen_events < count; trace->seen_events++) {
        const struct guest_event *event = &guest->events.ring[trace->seen_events % GUEST_EVENTS];
        bool is_call = event->kind >= GUEST_EVENT_CALL;
        bool is_int = event->kind >= EXC_COUNT && event->kind == before->vector;
        if (event->kind == GUEST_EVENT_CALL + HV_CALL_IRET)
            is_user = before->goes_to_user;
        trace_keep(trace, &(struct trace_record){
            .at_ns = is_call ? at_ns : now_ns, .took_ns = is_call ? trace_clip(now_ns - at_ns) : 0,
            .kind = (uint16_t)event->kind, .mode = is_user ? TRACE_USER : 0,
            .eip = event->eip, .detail = is_int ? before->eax : event->detail,
        });
        is_user = is_user && is_call;
    }
}

/* A turn has begun since the last trap: the one before it is over, and this one may have begun with a delivery. */
static void note_turn(struct guest *guest)
{
    struct trace *trace = guest->trace;
    uint64_t began_ns = guest->turns.began_ns;

    if (trace->turn_ns == began_ns)
        return;
    trace_close_turn(guest);
    trace->turn_ns = began_ns;
    trace->turn_run_ns = guest->turns.run_ns;
    keep_events(guest, &(struct trace_before){ .is_user = trace->is_user }, began_ns, began_ns);
}

/* The call is hv_iret, and its fourth word, esp0, says where it goes. */
static bool goes_to_user(struct guest *guest)
{
    const struct trap_frame *frame = &guest->state.frame;
    uint32_t esp0 = 0;

    return frame->vector == HV_INT_VECTOR && frame->eax == HV_CALL_IRET &&
           gmem_peek(guest, GVA(frame->esp + IRET_ESP0), &esp0, sizeof(esp0), NULL) && esp0 != 0;
}

static struct trace_before look_before(struct guest *guest)
{
    const struct trap_frame *frame = &guest->state.frame;
    struct trace_before before = {
        .at_ns = timer_now_ns(), .linear = insn_read_cr2(), .hidden_faults = guest->hidden_fault_count,
        .eip = (uint32_t)frame->eip, .eax = (uint32_t)frame->eax, .vector = (uint32_t)frame->vector,
        .is_user = guest_is_user(guest), .goes_to_user = goes_to_user(guest),
    };

    note_turn(guest);
    before.events = guest->trace->seen_events;
    return before;
}

/* It left no event: what was it? */
static void keep_quiet_trap(struct guest *guest, const struct trace_before *before, uint64_t now_ns)
{
    struct trace_record record = { .at_ns = before->at_ns, .took_ns = trace_clip(now_ns - before->at_ns),
                                   .mode = before->is_user ? TRACE_USER : 0, .eip = before->eip };

    if (guest->hidden_fault_count != before->hidden_faults && before->vector == EXC_PF) {
        record.kind = TRACE_HIDDEN_FAULT;
        record.detail = (uint32_t)(before->linear - guest->space.linear_base);
    } else if (before->vector == VECTOR_TIMER) {
        record.kind = TRACE_TICK;
    } else if (before->vector == EXC_GP && guest->life.activity == GUEST_HALTED) {
        record.kind = TRACE_HALT;
    } else {
        record.kind = TRACE_OTHER;
        record.detail = before->vector;
    }
    trace_keep(guest->trace, &record);
}

static void look_after(struct guest *guest, const struct trace_before *before)
{
    uint64_t now_ns = timer_now_ns();

    keep_events(guest, before, before->at_ns, now_ns);
    if (guest->trace->seen_events == before->events)
        keep_quiet_trap(guest, before, now_ns);
    guest->trace->is_user = guest_is_user(guest);
}

static bool answer_watched(struct guest *guest)
{
    if (guest->trace == NULL || !guest->trace->is_on)
        return strict_from_guest(guest);
    struct trace_before before = look_before(guest);
    bool goes_on = strict_from_guest(guest);
    look_after(guest, &before);
    return goes_on;
}

bool watched_from_guest(struct guest *guest)
{
    if (debug_access_used == 0)
        return answer_watched(guest);
    if (debug_stop_before(guest))
        return true;
    bool goes_on = answer_watched(guest);
    return !debug_stop_after(guest) && goes_on;
}
