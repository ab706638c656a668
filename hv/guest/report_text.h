/*
 * report_text.h - a crash report from facts (PURE); report.c collects them from the guest.
 */
#ifndef GUEST_REPORT_TEXT_H
#define GUEST_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/trap_frame.h"
#include "guest/events.h"

#define REPORT_CODE_BYTES 16
#define REPORT_STACK_WORDS 8
#define REPORT_BACKTRACE_MAX 16
#define REPORT_EXPLANATION_BYTES 400
#define REPORT_ADVICE_BYTES 400

/* An address of guest code; name is NULL when no symbol is known. */
struct report_place {
    uint32_t address;
    const char *name;
    uint32_t offset;
};

/* Everything a report says, taken while the guest's memory was still there. */
struct report_facts {
    const char *reason;                 /* guest_crash's one line */
    const struct trap_frame *frame;
    const struct guest_events *events;
    struct report_place place;          /* EIP */
    uint32_t fault_address;             /* meaningful for #PF */
    uint32_t memory_bytes;              /* RAM of the guest */
    uint32_t esp0;
    uint32_t handler;                   /* EIP in the vIDT slot of the event, 0: empty */
    bool timer_handler, keyboard_handler;   /* those slots are filled */
    bool is_user, is_paging, virtual_if;
    bool lacks_memory;                  /* the machine had no frame left: nothing of the guest's own is wrong */
    unsigned code_count;                /* bytes at EIP that could be read */
    uint8_t code[REPORT_CODE_BYTES];
    unsigned stack_count;               /* words at ESP that could be read */
    uint32_t stack[REPORT_STACK_WORDS];
    char explanation[REPORT_EXPLANATION_BYTES];     /* what the guest's tables say about the address */
    uint32_t explained;                 /* that address */
    unsigned backtrace_count;
    struct report_place backtrace[REPORT_BACKTRACE_MAX];
};

/* "eax=0x00000000 ebx=..." on one line. */
void report_format_registers(const struct trap_frame *frame, char *text, size_t text_bytes);

/* The whole report: lines ended by '\n', cut at a line's end when it does not fit. */
void report_format(const struct report_facts *facts, char *text, size_t text_bytes);

/* One sentence or two on what to look at, for the author of the guest. No newline. */
void report_advise(const struct report_facts *facts, char *text, size_t text_bytes);

#endif
