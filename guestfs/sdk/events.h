/*
 * events.h - exceptions, virtual interrupts and INT n as C functions.
 *
 * Give a slot a handler; it gets every register of the interrupted code and may change them. When it returns, the code
 * goes on from there, with the virtual interrupt flag as it was. For handlers of your own in assembly, hv_setidt is
 * enough: see struct event, from "address" on, for what lies on the stack.
 */
#ifndef SDK_EVENTS_H
#define SDK_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

/* In the order in which event_entry.S and the hypervisor push them, last pushed first. */
struct event {
    uint32_t edi, esi, ebp, esp_ignored, ebx, edx, ecx, eax;
    uint32_t slot;
    uint32_t address;       /* #PF: the address; else 0. Here the hypervisor's part begins. */
    uint32_t error;         /* error code, or the key word */
    uint32_t eip;
    uint32_t mode;          /* HV_MODE_KERNEL or HV_MODE_USER */
    uint32_t eflags;        /* IF = the virtual interrupt flag before the event */
    uint32_t user_esp;      /* exists only when user mode was interrupted */
};

typedef void event_handler(struct event *event);

/* Install handler for a slot (NULL: empty it). privileged: user mode may not reach it by INT. */
void event_handle(uint32_t slot, event_handler *handler, bool privileged);

/* ESP of interrupted code: from the frame in user mode, and just above the frame in kernel mode. */
uint32_t event_interrupted_esp(const struct event *event);

#endif
