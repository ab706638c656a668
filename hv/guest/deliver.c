/*
 * deliver.c - push the event frame and start the guest's handler, or say exactly why that cannot be.
 *
 * The reference for lean.S, lean_fault.S and lean_tick.S, which do the good case by the same rules. No register of the
 * guest's changes before its frame is pushed: a push that fails half-way has changed words below the guest's stack
 * only, where nobody may keep anything. There is no double fault in the contract: an event that cannot be delivered
 * ends the guest, and the report is about the event, not about the push that failed.
 */
#include "guest/deliver.h"

#include "base/check.h"
#include "base/format.h"
#include "base/string.h"
#include "cpu/desc.h"
#include "cpu/x86.h"
#include "guest/decode.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/report_names.h"
#include "guest/inject.h"

#define NAME_BYTES 48
#define CAUSE_BYTES 96
#define SELECTOR_ERROR_IDT 0x2u     /* SDM vol. 3 "Error Code": the index names a gate */

enum event_kind { EVENT_EXCEPTION, EVENT_INT, EVENT_INTERRUPT };

struct event {
    enum event_kind kind;
    uint8_t slot;
    uint32_t error_word;
    uint32_t fault_address;
    uint32_t at;                    /* for reports: the instruction to look at */
};

static void name_event(const struct event *event, char name[NAME_BYTES])
{
    if (event->kind == EVENT_INT) {
        format_string(name, NAME_BYTES, "INT 0x%02x", event->slot);
        return;
    }
    report_name_vector(event->slot, name, NAME_BYTES);
    if (event->kind == EVENT_INTERRUPT)
        format_string(name + strlen(name), NAME_BYTES - strlen(name), " interrupt");
}

/*
 * A report shows the event that killed, at the instruction that caused it: an author looks for that, not for the trap
 * by which the hypervisor came to know of it. An INT keeps the trap that it came by, which says how it was written.
 */
static void show_in_report(struct guest *guest, const struct event *event)
{
    guest->state.frame.eip = event->at;
    if (event->kind == EVENT_INT)
        return;
    guest->state.frame.vector = event->slot;
    guest->state.frame.error = event->error_word;
    if (event->slot == EXC_PF)
        guest->fault_address = event->fault_address;    /* not where its frame could not be written */
}

/* Why it happened, as far as the error code and the instruction tell: "" or a clause that starts with ", ". */
static void explain_cause(struct guest *guest, const struct event *event, char cause[CAUSE_BYTES])
{
    uint8_t bytes[DECODE_MAX_BYTES];
    unsigned count = 0;

    cause[0] = '\0';
    if (event->kind != EVENT_EXCEPTION)
        return;
    if (event->slot == EXC_PF) {
        format_string(cause, CAUSE_BYTES, ", %s of 0x%08x, error code 0x%x",
                      event->error_word & PF_WRITE ? "write" : "read or fetch", event->fault_address,
                      event->error_word);
    } else if (event->slot == EXC_GP && event->error_word & SELECTOR_ERROR_IDT) {
        format_string(cause, CAUSE_BYTES, ", INT 0x%02x from guest user is not allowed", event->error_word >> 3);
    } else if (event->slot == EXC_GP) {
        while (count < DECODE_MAX_BYTES && gmem_peek(guest, GVA(event->at + count), &bytes[count], 1, NULL))
            count++;
        struct decoded found = decode_instruction(bytes, count);
        if (found.kind == DECODE_PRIVILEGED || found.kind == DECODE_HLT)
            format_string(cause, CAUSE_BYTES, ", %s is privileged", found.name);
        else
            format_string(cause, CAUSE_BYTES, ", error code 0x%x", event->error_word);
    }
}

static void crash_no_handler(struct guest *guest, const struct event *event)
{
    char name[NAME_BYTES], cause[CAUSE_BYTES];

    name_event(event, name);
    explain_cause(guest, event, cause);
    show_in_report(guest, event);
    guest_crash(guest, "%s at 0x%08x in guest %s%s: no handler, vIDT slot 0x%02x is empty", name, event->at,
                guest_is_user(guest) ? "user" : "kernel", cause, event->slot);
}

static void crash_far_handler(struct guest *guest, const struct event *event)
{
    char name[NAME_BYTES];

    name_event(event, name);
    show_in_report(guest, event);
    guest_crash(guest, "%s at 0x%08x: its handler 0x%08x (vIDT slot 0x%02x) lies above 0x%08x", name, event->at,
                guest->state.idt[event->slot].eip, event->slot, HV_MAX_GVA);
}

/* The name without its explanation in brackets: the stack is what matters here. */
static void crash_bad_stack(struct guest *guest, const struct event *event, gva_t bad)
{
    char name[NAME_BYTES];

    name_event(event, name);
    char *bracket = event->kind == EVENT_EXCEPTION ? strchr(name, ' ') : NULL;
    if (bracket != NULL)
        *bracket = '\0';
    show_in_report(guest, event);
    guest_crash(guest, "%s at 0x%08x: the guest's stack 0x%08x cannot be written%s", name, event->at, bad.v,
                guest_is_user(guest) ? " (esp0 of its last hv_iret)" : "");
}

/* Why the event cannot be delivered: the guest ends. */
static __attribute__((noinline)) void crash_undeliverable(struct guest *guest, const struct event *event)
{
    uint32_t handler = guest->state.idt[event->slot].eip;
    uint32_t stack = guest_is_user(guest) ? guest->state.esp0 : (uint32_t)guest->state.frame.esp;
    uint32_t bytes = 4 * (guest_is_user(guest) ? INJECT_USER_WORDS : INJECT_KERNEL_WORDS);
    uint8_t zeroes[4 * INJECT_USER_WORDS] = { 0 };
    gva_t bad = GVA(stack - bytes);

    /* In the order of the contract: an empty slot is told before a handler out of reach, and that before the stack. */
    if (handler == 0)
        crash_no_handler(guest, event);
    else if (handler > HV_MAX_GVA)
        crash_far_handler(guest, event);
    else if (!gmem_write(guest, bad, zeroes, bytes, &bad))     /* once more, to learn where */
        crash_bad_stack(guest, event, bad);
}

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
    crash_undeliverable(guest, &(struct event){ EVENT_EXCEPTION, vector, error_code, fault_address, at });
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
        crash_undeliverable(guest, &(struct event){ .kind = EVENT_INT, .slot = n, .at = int_eip });
    }
}

void deliver_pending(struct guest *guest)
{
    uint32_t at = (uint32_t)guest->state.frame.eip, error_word;

    CHECK(virq_is_deliverable(&guest->state.virq));
    uint8_t slot = virq_take(&guest->state.virq, &error_word);
    if (!push_event(guest, slot, error_word, 0, at, error_word))
        crash_undeliverable(guest, &(struct event){ EVENT_INTERRUPT, slot, error_word, 0, at });
}
