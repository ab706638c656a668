/*
 * undeliverable.h - an event for which a guest has no handler, or no stack: the guest ends, and its report says why.
 */
#ifndef GUEST_UNDELIVERABLE_H
#define GUEST_UNDELIVERABLE_H

#include <stdint.h>

struct guest;

#define SELECTOR_ERROR_IDT 0x2u     /* SDM vol. 3 "Error Code": the index names a gate */

enum event_kind { EVENT_EXCEPTION, EVENT_INT, EVENT_INTERRUPT };

struct event {
    enum event_kind kind;
    uint8_t slot;
    uint32_t error_word;
    uint32_t fault_address;
    uint32_t at;                    /* for reports: the instruction to look at */
};

/* Nothing of the guest has changed yet but words below its stack. */
void undeliverable_crash(struct guest *guest, const struct event *event);

#endif
