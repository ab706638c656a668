/*
 * undeliverable.c - see undeliverable.h.
 */
#include "guest/undeliverable.h"

#include "base/format.h"
#include "base/string.h"
#include "cpu/x86.h"
#include "guest/decode.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/inject.h"
#include "guest/report_names.h"

#define NAME_BYTES 48
#define CAUSE_BYTES 96

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

void undeliverable_crash(struct guest *guest, const struct event *event)
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
