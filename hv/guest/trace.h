/*
 * trace.h - what a guest does, event by event, with time stamps: a ring that the operator reads. docs/tracing.md.
 *
 * A traced guest's traps all go through C, by gates of their own, and are looked at before and after their answer.
 * While no guest is traced the gates lead where they always do: who does not ask pays nothing.
 */
#ifndef GUEST_TRACE_H
#define GUEST_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "guest/events.h"

#define TRACE_PAGES 192u        /* at most: 768 KiB for each traced guest, taken as they fill */
#define TRACE_PAGE_RECORDS (PAGE_SIZE / sizeof(struct trace_record))

/* Kinds: as in struct guest_event (the vIDT slot that was delivered; a call's number + GUEST_EVENT_CALL), and these. */
enum trace_kind {
    TRACE_HIDDEN_FAULT = 0x200, /* a page fault that the guest never sees: filled. detail: its address */
    TRACE_TICK,                 /* the timer's interrupt, with nothing delivered */
    TRACE_TURN,                 /* it had the processor from at_ns on, for took_ns */
    TRACE_HALT,                 /* HLT: it waits for an interrupt */
    TRACE_OTHER,                /* a trap that left nothing else; detail: its vector */
};

/*
 * Of a delivery: guest user was interrupted. Of hv_iret: it goes to guest user. Of all else: the trap came from there.
 */
#define TRACE_USER 0x1u

/* scripts/lib/trace.py reads it as it stands. */
struct trace_record {
    uint64_t at_ns;             /* since power-on: the trap; of a delivery, the start of its handler */
    uint32_t took_ns;           /* until the guest went on, or its turn ended; UINT32_MAX: as long, or longer */
    uint16_t kind;
    uint16_t mode;              /* TRACE_USER, or 0: guest kernel */
    uint32_t eip;               /* as in struct guest_event; else where the trap came */
    uint32_t detail;            /* as in struct guest_event; of INT n: EAX */
};

struct trace {
    uint64_t made;              /* records ever */
    uint64_t limit;             /* of those kept; less than a full ring where memory ran short */
    uint64_t seen_events;       /* of guest->events */
    uint64_t turn_ns, turn_run_ns;      /* when its turn began that is not told yet (0: none); processor time then */
    bool is_user;               /* where the last trap left it */
    uint64_t sent;              /* records that have left on the trace channel */
    bool head_is_sent, end_is_sent;
    uint16_t next_slot;         /* whose handler's name has not left there so far; HV_IDT_SLOTS: all have */
    bool is_on;                 /* off: what there is stays to be read */
    struct trace_record *pages[TRACE_PAGES];
};

struct guest;

/* Before its next turn. False: there is no memory for it, or the guest is of a kind that cannot be traced. */
bool trace_enable(struct guest *guest);
void trace_disable(struct guest *guest);
/* Its last turn, which no record tells yet; at_ns is 0: there is none. And keep it, when nothing more comes. */
struct trace_record trace_last_turn(const struct guest *guest);
void trace_close_turn(struct guest *guest);

/* The ring (PURE): keep a copy; the number-th, from trace_oldest on and below trace.made; give all back. */
void trace_keep(struct trace *trace, const struct trace_record *record);
struct trace_record *trace_at(const struct trace *trace, uint64_t number);
void trace_free(struct trace *trace);
static inline uint32_t trace_clip(uint64_t span_ns)
{
    return span_ns < UINT32_MAX ? (uint32_t)span_ns : UINT32_MAX;
}

static inline uint64_t trace_oldest(const struct trace *trace)
{
    return trace->made > trace->limit ? trace->made - trace->limit : 0;
}

#endif
