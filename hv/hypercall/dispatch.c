/*
 * dispatch.c - hypercall numbers to functions, and their argument words from the guest's memory.
 */
#include "hypercall/dispatch.h"

#include "guest/gmem.h"
#include "guest/guest.h"
#include "hypercall/calls.h"
#include "irq/irq.h"

#define WORDS_MAX 5

struct call {
    void (*function)(struct guest *guest, const uint32_t *arguments);
    uint32_t word_count;
    const char *name;
};

#define X(number, NAME, name, words) _Static_assert((words) <= WORDS_MAX, "hv_" #name);
HV_CALLS(X)
HV_CONTROL_CALLS(X)
#undef X

static const struct call calls[] = {
#define X(number, NAME, name, words) [number] = { call_##name, words, #name },
    HV_CALLS(X)
#undef X
};

#define CALL_COUNT (sizeof(calls) / sizeof(calls[0]))

/* Apart, so that no other call pays for the question who may. */
static const struct call control_calls[] = {
#define X(number, NAME, name, words) [(number) - HV_CALL_START] = { call_##name, words, #name },
    HV_CONTROL_CALLS(X)
#undef X
};

#define CONTROL_CALL_COUNT (sizeof(control_calls) / sizeof(control_calls[0]))

/* NULL: for this guest there is no such call. */
static const struct call *choose_call(const struct guest *guest, uint32_t number)
{
    if (number < CALL_COUNT)
        return calls[number].function != NULL ? &calls[number] : NULL;
    if (number - HV_CALL_START >= CONTROL_CALL_COUNT || !guest->family.rights.control)
        return NULL;
    const struct call *call = &control_calls[number - HV_CALL_START];
    return call->function != NULL ? call : NULL;
}

static void crash_without_words(struct guest *guest, const struct call *call, gva_t bad)
{
    call_crash(guest, "hv_%s: its %u argument words at ESP 0x%08x cannot be read (0x%08x is out of reach)", call->name,
               call->word_count, (uint32_t)guest->state.frame.esp, bad.v);
}

void hypercall_dispatch(struct guest *guest)
{
    uint32_t number = (uint32_t)guest->state.frame.eax;
    uint32_t arguments[WORDS_MAX];
    gva_t bad;

    /* The gate keeps an INT of guest user out: this is a device that the firmware left armed at the same vector. */
    if (guest_is_user(guest)) {
        irq_acknowledge(HV_INT_VECTOR);
        return;
    }
    const struct call *call = choose_call(guest, number);
    if (call == NULL) {
        call_crash(guest, "hypercall 0x%x (EAX): there is no such call", number);
        return;
    }
    arguments[0] = 0;
    /* A call without arguments does not look at ESP, which may then point anywhere. */
    if (call->word_count != 0 &&
        !gmem_read(guest, GVA(guest->state.frame.esp), arguments, 4 * call->word_count, &bad)) {
        crash_without_words(guest, call, bad);
        return;
    }
    events_record(&guest->events, GUEST_EVENT_CALL + number, (uint32_t)guest->state.frame.eip, arguments[0]);
    call->function(guest, arguments);
}

bool hypercall_is_unfinished(const struct guest *guest)
{
    return guest->state.unfinished.left != 0;
}

void hypercall_go_on(struct guest *guest)
{
    if (guest->state.unfinished.call == GUEST_GIVE_BACK)
        call_give_back_on(guest);
    else
        call_print_on(guest);
}
