/*
 * report_hang_advice.c - what to look at when a guest goes on, or sleeps, for ever (PURE).
 */
#include "cpu/opcodes.h"
#include "cpu/x86.h"
#include "guest/report_advice.h"
#include "guest/report_names.h"
#include "pebpeb.h"

#define AGAIN_LEAST 4u      /* the same event at the same place so often in a row is a loop */

/* Of the last events, newest first. */
static const struct guest_event *event_of_age(const struct report_facts *facts, unsigned age)
{
    return &facts->events->ring[(events_count(facts->events) - 1 - age) % GUEST_EVENTS];
}

/* The newest that is an exception; NULL: none, or something else came later. Calls do not count. */
static const struct guest_event *newest_exception(const struct report_facts *facts)
{
    for (unsigned age = 0; age < report_count_events(facts->events); age++) {
        const struct guest_event *event = event_of_age(facts, age);
        if (event->kind < GUEST_EVENT_CALL)
            return event->kind < EXC_COUNT ? event : NULL;
    }
    return NULL;
}

/* How often it came at the same place, of the last events in a row. */
static unsigned count_again(const struct report_facts *facts, const struct guest_event *newest)
{
    unsigned again = 0;

    for (unsigned age = 0; age < report_count_events(facts->events); age++) {
        const struct guest_event *event = event_of_age(facts, age);
        if (event->kind >= GUEST_EVENT_CALL)
            continue;
        if (event->kind != newest->kind || event->eip != newest->eip)
            break;
        again++;
    }
    return again;
}

/* What turned interrupts off: the last of calls and events that had a say in it. NULL: nothing that is known. */
static const struct guest_event *find_masking(const struct report_facts *facts)
{
    for (unsigned age = 0; age < report_count_events(facts->events); age++) {
        const struct guest_event *event = event_of_age(facts, age);
        if (event->kind < GUEST_EVENT_CALL || event->kind == GUEST_EVENT_CALL + HV_CALL_IRET ||
            event->kind == GUEST_EVENT_CALL + HV_CALL_DISABLE_INTERRUPTS)
            return event;
    }
    return NULL;
}

static bool advise_again(const struct report_facts *facts, const struct advice *advice)
{
    const struct guest_event *newest = newest_exception(facts);
    unsigned again = newest != NULL ? count_again(facts, newest) : 0;
    char name[40];

    if (again < AGAIN_LEAST)
        return false;
    report_name_vector(newest->kind, name, sizeof(name));
    return ADVISE(advice, "the handler of %s (slot %u): it returns to 0x%08x, which raises the same again (the last %u "
                  "events are alike). It must mend the cause, or return behind the instruction.", name, newest->kind,
                  newest->eip, again);
}

static bool advise_masked(const struct report_facts *facts, const struct advice *advice)
{
    const struct guest_event *masking = find_masking(facts);
    const char *waits = facts->tick_waits ? "a tick waits" : "keys wait";

    if (facts->virtual_if || (!facts->tick_waits && facts->keys_wait == 0))
        return false;
    if (!facts->timer_handler && !facts->keyboard_handler)
        return ADVISE(advice, "hv_setidt(0x%x, ...) and hv_enable_interrupts: ticks wait, but interrupts are off and "
                      "the slots of timer and keyboard were never filled. A loop that waits for either waits for ever.",
                      HV_SLOT_TIMER);
    if (masking != NULL && masking->kind < GUEST_EVENT_CALL)
        return ADVISE(advice, "the handler that runs now, or did not come back: interrupts are off since the last "
                      "event, and %s. A handler ends by hv_iret with IF (0x200) in its eflags.", waits);
    if (masking != NULL && masking->kind == GUEST_EVENT_CALL + HV_CALL_IRET)
        return ADVISE(advice, "the eflags of the hv_iret at 0x%08x: IF (0x200) was not set, so interrupts are off "
                      "since, and %s. A handler gives back the eflags of its frame.", masking->eip - INT_BYTES, waits);
    return ADVISE(advice, "hv_enable_interrupts, or IF (0x200) in the eflags of hv_iret: a handler is there, but "
                  "interrupts are off, and %s.", waits);
}

static bool advise_asleep(const struct report_facts *facts, const struct advice *advice)
{
    if (!facts->is_halted)
        return false;
    if (!facts->keyboard_handler)
        return ADVISE(advice, "the loop around the HLT: ticks wake it, and what it waits for does not come. The slot "
                      "of the keyboard (0x%x) was never filled, so no key wakes it.", HV_SLOT_KEYBOARD);
    return ADVISE(advice, "the loop around the HLT: it wakes at each tick and key, and sleeps again. Does it wait for "
                  "a key that nobody typed (type=), or for a variable that is not volatile?");
}

bool report_advise_hang(const struct report_facts *facts, const struct advice *advice)
{
    if (facts->kind == REPORT_CRASH)
        return false;
    if (facts->is_blocked)
        return ADVISE(advice, "how much it prints: the serial line is slower, and the guest waits for it.");
    if (advise_again(facts, advice) || advise_asleep(facts, advice) || advise_masked(facts, advice))
        return true;
    return ADVISE(advice, "the loop at EIP%s: what it waits for does not come, or it has more to do than its time "
                  "allows (timeout=).", facts->often_count > 1 ? " and at the other places where it often is" : "");
}
