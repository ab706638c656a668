/*
 * deliver.c - push the event frame and start the guest's handler.
 *
 * The reference for lean.S, lean_fault.S and lean_tick.S, which do the good case by the same rules. No register of the
 * guest's changes before its frame is pushed: a push that fails half-way has changed words below the guest's stack
 * only, where nobody may keep anything. There is no double fault in the contract: an event that cannot be delivered
 * ends the guest (undeliverable.c), and the report is about the event, not about the push that failed.
 */
#include "guest/deliver.h"

#include "base/check.h"
#include "base/string.h"
#include "cpu/desc.h"
#include "cpu/x86.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/inject.h"
#include "guest/undeliverable.h"

/*
 * Record the event and push its frame; at and detail are for the record. True: the handler is next. False: nothing
 * changed for the guest but the words below its stack.
 */
static inline bool push_event(struct guest *guest, uint8_t slot, uint32_t error_word, uint32_t fault_address,
                              uint32_t at, uint32_t detail)
{
    struct trap_frame *frame = &guest->state.frame;
    uint32_t handler = guest->state.idt[slot].eip;
    struct inject_frame pushed;

    if (handler - 1 >= HV_MAX_GVA)      /* empty, or beyond the segment */
        return false;
    events_record(&guest->events, slot, at, detail);    /* first: then less is alive across the push */
    inject_build(&pushed, &(struct inject_context){
        .eip = (uint32_t)frame->eip,
        .esp = (uint32_t)frame->esp,
        .eflags = (uint32_t)frame->eflags,
        .esp0 = guest->state.esp0,
        .is_user = guest_is_user(guest),
        .virtual_if = guest->state.virq.enabled,
    }, error_word, fault_address);
    if (!gmem_push(&guest->space, GVA(pushed.esp), pushed.pairs[0], pushed.pairs[1], pushed.pairs[2],
                   pushed.word_count == INJECT_USER_WORDS)) {
        gmem_refused(guest);
        events_forget(&guest->events);
        return false;
    }
    guest->event_count++;
    guest->state.virq.enabled = false;
    frame->eip = handler;
    frame->esp = pushed.esp;
    frame->eflags = pushed.eflags;
    frame->cs = SEL_GUEST_KERNEL_CS;
    frame->ss = SEL_GUEST_KERNEL_SS;
    return true;
}

bool deliver_exception(struct guest *guest, uint8_t vector, uint32_t error_code, uint32_t fault_address)
{
    uint32_t at = (uint32_t)guest->state.frame.eip;

    if (push_event(guest, vector, error_code, fault_address, at, vector == EXC_PF ? fault_address : error_code))
        return true;
    undeliverable_crash(guest, &(struct event){ EVENT_EXCEPTION, vector, error_code, fault_address, at });
    return false;
}

void deliver_soft_interrupt(struct guest *guest, uint8_t n, uint32_t int_eip)
{
    bool is_hypercall = n == HV_INT_VECTOR;
    bool is_allowed = !guest_is_user(guest) || !(is_hypercall || guest->state.idt[n].privileged);

    /*
     * An empty slot kills before privilege is looked at; the hypercall is no slot of the guest's. n * 8 + 2 is the
     * error code of hardware for a gate that may not be used: SDM vol. 3 "Error Code".
     */
    if (!is_allowed && (guest->state.idt[n].eip != 0 || is_hypercall)) {
        guest->state.frame.eip = int_eip;
        deliver_exception(guest, EXC_GP, n * 8u + SELECTOR_ERROR_IDT, 0);
    } else if (!push_event(guest, n, 0, 0, int_eip, 0)) {
        undeliverable_crash(guest, &(struct event){ .kind = EVENT_INT, .slot = n, .at = int_eip });
    }
}

void deliver_pending(struct guest *guest)
{
    uint32_t at = (uint32_t)guest->state.frame.eip, error_word;

    CHECK(virq_is_deliverable(&guest->state.virq));
    uint8_t slot = virq_take(&guest->state.virq, &error_word);
    if (!push_event(guest, slot, error_word, 0, at, error_word))
        undeliverable_crash(guest, &(struct event){ EVENT_INTERRUPT, slot, error_word, 0, at });
}
