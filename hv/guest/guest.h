/*
 * guest.h - a guest: its memory, its registers, its console, and the end it came to.
 */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"
#include "base/string.h"
#include "cpu/fpu.h"
#include "cpu/trap_frame.h"
#include "guest/debug_sites.h"
#include "guest/events.h"
#include "guest/family.h"
#include "guest/image_sections.h"
#include "guest/kind.h"
#include "guest/queue.h"
#include "guest/request.h"
#include "guest/stirred.h"
#include "guest/virq.h"
#include "io/console.h"
#include "io/rowlog.h"
#include "io/scrollback.h"
#include "pagetable/gspace.h"
#include "pebpeb.h"

enum guest_activity {
    GUEST_READY,        /* wants the processor (or has it) */
    GUEST_HALTED,       /* HLT: waits for a virtual interrupt */
    GUEST_BLOCKED,      /* its row log is full: waits for the serial line */
    GUEST_PAUSED,       /* by the operator */
    GUEST_SPINNING,     /* runs in a loop that does nothing: waits for a virtual interrupt, too. give_way.h */
    GUEST_ENDED,        /* end and status are valid; memory goes back in pieces, this struct after guest_release */
};

/* Who paused it: it goes on when nobody does any more. */
#define GUEST_PAUSED_BY_OPERATOR 0x1u
#define GUEST_PAUSED_BY_PARENT 0x2u
#define GUEST_PAUSED_BY_HOLD 0x4u       /* it is being copied, or a guest of its image made: hold.h */
#define GUEST_PAUSED_SNAPSHOT 0x8u      /* it is there to be copied, and never runs */
#define GUEST_PAUSED_BY_ITSELF 0x10u    /* its call asked for a copy of it, which is not there yet */

enum guest_end {
    GUEST_END_NONE,
    GUEST_END_EXIT,     /* hv_exit: status */
    GUEST_END_CRASH,    /* by the hypervisor: status = 0xDEADC0DE, reason */
    GUEST_END_TIMEOUT,  /* by the operator's time-out */
    GUEST_END_KILL,     /* by the operator */
};

#define GUEST_REASON_BYTES HV_REASON_BYTES
#define GUEST_NAME_BYTES HV_NAME_BYTES
#define GUEST_MEMORY_DEFAULT (24u << 20)
#define GUEST_REPORT_BYTES 4096

/* One slot of the virtual IDT. eip = 0: empty. */
struct guest_gate {
    uint32_t eip;
    bool privileged;
};

/* Its clock, on which its ticks and its time-out run: clock.h. */
struct guest_clock {
    uint64_t next_tick_ns;              /* when its next tick is due, on its own clock's terms */
    uint64_t waited_ns;                 /* waits that are over, for processor or serial line, kept by the run loop */
    bool run;                           /* clock=run: it stands still while the guest waits */
    uint32_t seed;                      /* of how far its next tick is moved: clock_seed; 0: ticks come on time */
};

/* A call too long for one go is cut: what is left of it. The guest does not run before it is done. */
enum guest_long_call { GUEST_PRINT, GUEST_PRINT_AT, GUEST_GIVE_BACK };

struct guest_unfinished {
    uint32_t at, left;                  /* gva and bytes of a print, or frame and frames; left 0: there is none */
    uint8_t call;                       /* enum guest_long_call */
    uint8_t row, column, attribute;     /* what hv_print_at puts back behind it */
};

/*
 * What the guest itself is made of, beside its RAM: whoever has both can go on with it elsewhere or later. Flat,
 * without pointers; a change of its layout or meaning is a new version. What is made of it and can be made again (page
 * tables, shadows), or is only counted and reported, lies outside. While the guest is loaded its FPU state is in the
 * processor: switch_save brings it home.
 */
#define GUEST_STATE_VERSION 3u

struct guest_state {
    struct trap_frame frame;            /* first: 16-byte aligned, the processor pushes into it */
    uint8_t fpu[FPU_AREA_BYTES] __attribute__((aligned(16)));
    uint32_t version;                   /* GUEST_STATE_VERSION */
    uint32_t esp0;                      /* stack for traps from guest user */
    struct guest_gate idt[HV_IDT_SLOTS];
    struct virq virq;                   /* virtual IF, pending ticks and keys */
    struct guest_clock clock;
    struct guest_paging paging;
    struct debug_sites debug_sites;     /* of the debug print: where its RAM has an INT that the image had not */
    struct guest_unfinished unfinished; /* its last call, if it goes on in the next turn */
};

/* What its owner knows of it: who it is, and how it ended. */
struct guest_life {
    uint32_t id;                        /* counts up from 1, never reused */
    char name[GUEST_NAME_BYTES];
    enum guest_activity activity;
    uint8_t paused;                     /* GUEST_PAUSED_ bits, on top of activity: it is not run while any is set */
    bool is_released;                   /* nobody knows it any more: the struct goes back with its memory */
    enum guest_end end;
    int32_t status;                     /* hv_exit's argument, or 0xDEADC0DE */
    char reason[GUEST_REASON_BYTES];    /* why it crashed: the first reason, one line, no quotes needed */
    /*
     * docs/operator.md "Crash reports": lines ended by '\n', in memory of its own; "" unless it crashed or its time was
     * up. What it had no room for stands behind its zero: guest_report_rest.
     */
    const char *report;
    bool lacks_memory;                  /* it crashed because the machine had no frame left for it */
    char registers[200];                /* "eax=... ebx=..." at the crash */
    uint64_t started_ns, ended_ns;      /* wall clock */
    uint64_t timeout_ns;                /* 0: none; else the monitor ends it when its own clock has run this long */
};

/* What the scheduler knows of it. */
struct guest_turns {
    uint64_t run_ns;                    /* processor time used */
    uint64_t ready_since_ns;            /* when the wait began that a GUEST_READY or GUEST_BLOCKED guest is in */
    uint64_t began_ns;                  /* when its last turn began */
    uint64_t virtual_ns;                /* by which it waits: run_ns up to its last whole turn, levelled after sleep */
    int64_t used_ns;                    /* since then, of the next turn; below 0: it is owed so much of the last one */
    struct queue_place place;           /* where it waits */
    uint64_t wake_ns;                   /* when it is woken for its next tick, if it is GUEST_HALTED */
    bool is_known;                      /* the scheduler has seen it */
    bool owes_look;                     /* the next look carries what it printed */
};

/* Of a guest that may spin, for give_way.c. */
struct guest_spin {
    bool is_known;                      /* it was found to spin, and is looked at again after each interrupt */
    uint64_t try_ns;                    /* if so: when it was found, or the last one came; else when to look at it */
    uint64_t gave_way;                  /* how often */
};

/* Where it was at the last moments at which somebody looked, for reports. */
#define GUEST_SEEN 16
struct guest_seen {
    uint32_t count;                     /* ever; the newest is eips[(count - 1) % GUEST_SEEN] */
    uint32_t eips[GUEST_SEEN];
};

/* Of a guest that ended, for reclaim.c. */
struct guest_reclaim {
    bool is_dead;                       /* its memory is being taken apart */
    struct guest *next;                 /* the next of these */
};

/* What the monitor's top saw of it last, and what happened from there to its last picture. */
struct guest_glance {
    uint64_t run_ns;
    struct guest_counts counts, since;
    uint32_t share;                     /* of the processor's time, in 1/1000 */
};

struct processor;
struct strict;
struct trace;

struct guest {
    struct guest_state state;           /* first. From here to space, lean.h knows the offsets */
    uint64_t resume_rsp;                /* the hypervisor's stack while this guest runs: entry.S */
    uint64_t event_count, hidden_fault_count;
    struct guest_events events;         /* the last virtual events and hypercalls, for reports */
    struct ram ram;
    struct gspace space;                /* page tables that show it */
    struct processor *processor;        /* the one that holds its state: switch.h; NULL: none */
    struct guest_turns turns;
    struct guest_life life;
    /* Gva of its last #PF, or where the hypervisor could not read or write for it */
    uint32_t fault_address;
    enum gfault refused;                /* why the hypervisor's last access for it failed: gmem.h */
    gva_t refused_at;
    struct image_bytes image;           /* its ELF file, for reports; bytes NULL: not there any more */
    struct console console;
    struct scrollback history;          /* of its console, where vcon.history points to it; each page is a frame */
    struct guest_requests requests;
    struct guest_spin spin;
    struct guest_reclaim reclaim;
    struct guest_seen seen;
    struct family family;               /* who started it, and whom it started */
    struct guest *next, *previous;      /* all guests, ascending ID */
    struct guest *next_of_id;           /* in the list by which guest_find finds it */
    struct guest_stirring stirring;     /* among those that the next look sees to */
    const struct guest_kind *kind;      /* NULL only while it is made */
    void *machine;                      /* of its kind; NULL: none */
    struct strict *strict;              /* strict mode: strict.h; NULL: off */
    const char *strict_advice;          /* for the report, when that has ended it; else NULL */
    struct guest_glance glance;
    uint32_t test;                      /* the line of the plan that it is a test of, from 1 on; 0: of none */
    struct trace *trace;                /* trace.h; NULL: it never was traced */
    struct rowlog row_log;              /* last: most of it is not there before guest_log_rows */
};

/* What a guest is made with; the rest of the struct has addresses, and no memory. */
#define GUEST_BYTES_FIRST offsetof(struct guest, row_log.tall_rows)

/* An ID for a guest that will be there later: it is nobody else's. */
uint32_t guest_new_id(void);

/* A guest that launch.h made, with ID and RAM, is one of all from now on: it has a name and a console, and is READY. */
void guest_join(struct guest *guest, const char *name);

/* From now on the rows of its console are logged, for rowlog_take. False: there is no memory for them. */
MUST_CHECK bool guest_log_rows(struct guest *guest);

/* It came to nothing, or nobody knows it any more: what it has goes back. */
void guest_bury(struct guest *guest);

/* The kind that this hypervisor is made for. */
extern const struct guest_kind guest_pebpeb;

/* The status line of its console says what it does. */
void guest_show_state(struct guest *guest);

/* End a guest; the first end wins, later ones are ignored. RAM and page tables go to reclaim.h, the console stays. */
void guest_end_exit(struct guest *guest, int32_t status);
void guest_crash(struct guest *guest, const char *format, ...) __attribute__((format(printf, 2, 3)));
void guest_end_timeout(struct guest *guest);
void guest_kill(struct guest *guest);

/* Note where a guest is that has been interrupted. */
static inline void guest_see(struct guest *guest)
{
    guest->seen.eips[guest->seen.count++ % GUEST_SEEN] = (uint32_t)guest->state.frame.eip;
}

/* What the report of a guest that ended had no room for: lines, or "". */
static inline const char *guest_report_rest(const struct guest *guest)
{
    return guest->life.report[0] == '\0' ? "" : guest->life.report + strlen(guest->life.report) + 1;
}

/*
 * The same report on a guest that lives: where it is and what it waits for. Good until the next report of any guest.
 * rest: what it had no room for.
 */
const char *guest_describe(struct guest *guest, const char **rest);

/* After it ended: detach its console; the struct is the caller's no more. */
void guest_release(struct guest *guest);

/* Every guest that is not released, ascending ID; NULL at the end. */
struct guest *guest_first(void);
struct guest *guest_find(uint32_t id);

/*
 * Each delivered event leaves one record, and each hypercall whose words could be read: no need to count both. The
 * others end the guest.
 */
static inline uint64_t guest_hypercall_count(const struct guest *guest)
{
    return events_count(&guest->events) - guest->event_count;
}

struct guest_counts guest_counts(const struct guest *guest);

/* By the RPL of CS, which is 1 of a guest's kernel and 3 of its user programs: one bit tells. */
static inline bool guest_is_user(const struct guest *guest)
{
    return (guest->state.frame.cs & 2) != 0;
}

/* Who takes the keys that are for a guest: itself, or who has its view, or who has that one's. Bound: HV_DEPTH_MAX. */
static inline struct guest *guest_holder(struct guest *guest)
{
    while (guest->family.lent_to != NULL)
        guest = guest->family.lent_to->guest;
    return guest;
}

#endif
