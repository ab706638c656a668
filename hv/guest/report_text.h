/*
 * report_text.h - a report from facts (PURE); report.c collects them from the guest.
 */
#ifndef GUEST_REPORT_TEXT_H
#define GUEST_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/trap_frame.h"
#include "guest/events.h"
#include "guest/image_sections.h"
#include "guest/kind.h"
#include "pagetable/gspace.h"

#define REPORT_CODE_BYTES 16
#define REPORT_STACK_WORDS 6            /* shown; a call has up to 5 words */
#define REPORT_BACKTRACE_MAX 16
#define REPORT_EXPLANATION_BYTES 200
#define REPORT_ADVICE_BYTES 400
#define REPORT_OFTEN_MAX 3
#define REPORT_ROWS 22                  /* of a report: a screen less the line on how it ended, and the prompt */
#define REPORT_COLUMNS 80

/* Where the guest was how often, of the moments that were seen. */
struct report_often {
    struct image_place place;
    uint32_t count;
};

/* Everything a report says, taken while the guest's memory was still there. */
struct report_facts {
    enum report_kind kind;
    const char *reason;                 /* guest_crash's one line; of a time-out, what is said instead */
    const char *advice;                 /* what whoever ended it knows better than any rule; NULL: nothing */
    const struct trap_frame *frame;
    const struct guest_events *events;
    struct image_place place;           /* EIP */
    bool is_outside_code;               /* guest kernel's EIP, which no executable segment of its image holds */
    uint32_t fault_address;             /* meaningful for #PF */
    uint32_t memory_bytes;              /* RAM of the guest */
    uint32_t esp0;
    uint32_t handler;                   /* EIP in the vIDT slot of the event, 0: empty */
    bool timer_handler, keyboard_handler;   /* those slots are filled */
    bool is_user, is_paging, virtual_if;
    bool is_halted, is_spinning, is_blocked;    /* it sleeps in HLT, in a loop, or waits for the serial line */
    bool tick_waits;
    uint32_t keys_wait;
    bool may_control;                   /* the control calls are calls for it */
    bool lacks_memory;                  /* the machine had no frame left: nothing of the guest's own is wrong */
    unsigned code_count;                /* bytes at EIP that could be read */
    uint8_t code[REPORT_CODE_BYTES];
    unsigned stack_count;               /* words at ESP that could be read */
    uint32_t stack[REPORT_STACK_WORDS];
    bool is_in_user_page;               /* guest kernel at an EIP that guest user may use, outside the image's code */
    uint32_t explained;                 /* an address, and what the guest's tables say about it */
    struct gspace_entry entry;
    char explanation[REPORT_EXPLANATION_BYTES];
    bool has_caller;
    struct image_place caller;          /* who called the function at EIP, where no frame pointer tells */
    unsigned backtrace_count;
    struct image_place backtrace[REPORT_BACKTRACE_MAX];
    uint32_t nested;                    /* event frames on the stack that were all pushed at one place */
    struct image_place nested_first;    /* where the first event happened that led there; address 0: not known */
    unsigned often_count;
    uint32_t often_of;                  /* moments that were seen */
    struct report_often often[REPORT_OFTEN_MAX];
    struct image_place event_places[GUEST_EVENTS];  /* of the last events, newest first */
};

/* "eax=0x00000000 ebx=..." on one line. */
void report_format_registers(const struct trap_frame *frame, char *text, size_t text_bytes);

/* How many places of the backtrace, and last events, a report had rows for. */
struct report_shown {
    unsigned backtrace, events;
};

/*
 * The report: lines ended by '\n', REPORT_ROWS rows of REPORT_COLUMNS at most, its last line the advice; of backtrace
 * and events, report_format_rest tells what had no room. Both are cut at a line's end when text is too short.
 */
void report_format(const struct report_facts *facts, char *text, size_t text_bytes, struct report_shown *shown);
void report_format_rest(const struct report_facts *facts, const struct report_shown *shown, char *text,
                        size_t text_bytes);

/*
 * How many of the last events a report may show: not the oldest, as one that was recorded and taken back, since it
 * could not be delivered, is in its place.
 */
static inline unsigned report_count_events(const struct guest_events *events)
{
    uint64_t ever = events_count(events);
    return ever < GUEST_EVENTS ? (unsigned)ever : GUEST_EVENTS - 1;
}

#endif
