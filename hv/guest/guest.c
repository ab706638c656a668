/*
 * guest.c - a guest's life: among the others, ended once, mopped up.
 */
#include "guest/guest.h"

#include <stdarg.h>
#include <stddef.h>

#include "base/check.h"
#include "base/format.h"
#include "base/log.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/debug_stop.h"
#include "guest/processor.h"
#include "guest/reclaim.h"
#include "guest/report.h"
#include "guest/switch.h"
#include "guest/trace.h"
#include "irq/timer.h"
#include "pagetable/vmap.h"

#define NS_PER_US 1000ull

#define ID_LISTS 16             /* a power of two */

static struct guest *guests, *last_guest;
static struct guest *id_lists[ID_LISTS];    /* those whose ID has these low bits */
static uint32_t last_id;

static void guest_key(void *owner, uint32_t key_word)
{
    struct guest *guest = guest_holder(owner);
    if (guest->life.activity == GUEST_ENDED)
        return;
    virq_raise_key(&guest->state.virq, key_word);
    guest_stir(guest);
}

static unsigned guest_key_room(const void *owner)
{
    const struct guest *guest = guest_holder((struct guest *)(uintptr_t)owner);
    return guest->life.activity == GUEST_ENDED ? VIRQ_KEYS : VIRQ_KEYS - guest->state.virq.key_count;
}

void guest_bury(struct guest *guest)
{
    queue_take(&guest->turns.place);
    guest_calm(guest);
    guest->life.is_released = true;
    reclaim_add(guest);
}

/* Bound: those with a higher ID: children that were asked for after this one, and came before it. */
static void insert_guest(struct guest *guest)
{
    struct guest *before = last_guest;
    while (before && before->life.id > guest->life.id)
        before = before->previous;
    guest->previous = before;
    guest->next = before ? before->next : guests;
    *(before ? &before->next : &guests) = guest;
    *(guest->next ? &guest->next->previous : &last_guest) = guest;
    guest->next_of_id = id_lists[guest->life.id % ID_LISTS];
    id_lists[guest->life.id % ID_LISTS] = guest;
}

/* Bound: as guest_find. */
static void remove_guest(struct guest *guest)
{
    struct guest **link = &id_lists[guest->life.id % ID_LISTS];

    CHECK(guest->previous ? guest->previous->next == guest : guests == guest);
    while (*link != guest)
        link = &(*link)->next_of_id;
    *link = guest->next_of_id;
    *(guest->previous ? &guest->previous->next : &guests) = guest->next;
    *(guest->next ? &guest->next->previous : &last_guest) = guest->previous;
}

void guest_show_state(struct guest *guest)
{
    const char *state = guest->life.paused & GUEST_PAUSED_SNAPSHOT ? "snapshot" : "paused";

    text_copy(guest->console.state, sizeof(guest->console.state), guest->life.paused ? state : "running");
}

uint32_t guest_new_id(void)
{
    return ++last_id;
}

void guest_join(struct guest *guest, const char *name)
{
    text_copy(guest->life.name, sizeof(guest->life.name), name);
    guest->life.activity = GUEST_READY;
    guest->life.report = "";
    guest->life.started_ns = timer_now_ns();
    guest->turns.ready_since_ns = guest->life.started_ns;

    vcon_init(&guest->console.vcon);
    vcon_set_time(&guest->console.vcon, guest->life.started_ns);
    guest->console.number = guest->life.id;
    guest->console.owner = guest;
    guest->console.key = guest_key;
    guest->console.room = guest_key_room;
    text_copy(guest->console.name, sizeof(guest->console.name), name);
    guest_show_state(guest);
    console_attach(&guest->console);
    insert_guest(guest);
    guest_stir(guest);
    debug_stop_new(guest);
    log_debug("guest %u %s: joins with %u KiB, of which %u KiB are touched", guest->life.id, name,
              guest->ram.bytes / 1024, guest->ram.backed_count * ((uint32_t)PAGE_SIZE / 1024));
}

bool guest_log_rows(struct guest *guest)
{
    if (!vmap_grow(guest, sizeof(*guest)))
        return false;
    guest->console.vcon.log = &guest->row_log;
    return true;
}

static void log_end(const struct guest *guest, const char *state)
{
    struct guest_counts counts = guest_counts(guest);

    log_debug("guest %u %s: %s; ran %llu us; %llu calls, %llu events, %llu hidden faults; %u KiB touched go back",
              guest->life.id, guest->life.name, state, (unsigned long long)(guest->turns.run_ns / NS_PER_US),
              (unsigned long long)counts.calls, (unsigned long long)counts.events,
              (unsigned long long)counts.faults, guest->ram.backed_count * ((uint32_t)PAGE_SIZE / 1024));
}

/* The first end wins. Memory goes back: an ended guest costs its console only. */
static void end_guest(struct guest *guest, enum guest_end end, int32_t status, const char *state)
{
    guest->life.end = end;
    guest->life.status = status;
    guest->life.activity = GUEST_ENDED;
    guest->life.ended_ns = timer_now_ns();
    text_copy(guest->console.state, sizeof(guest->console.state), state);
    log_end(guest, state);
    switch_forget(guest);
    trace_disable(guest);
    reclaim_add(guest);
    guest_stir(guest);
    if (guest->family.ended)
        guest->family.ended(guest);
}

void guest_end_exit(struct guest *guest, int32_t status)
{
    char state[32];
    if (guest->life.activity == GUEST_ENDED)
        return;
    format_string(state, sizeof(state), "exit %d", status);
    end_guest(guest, GUEST_END_EXIT, status, state);
}

static char report_bytes[GUEST_REPORT_BYTES];

/* The report reads the guest's memory through its own mapping. */
static struct report_texts make_report(struct guest *guest, enum report_kind kind, const char *reason)
{
    struct report_texts texts;

    switch_to(processor_this(), guest);
    guest->kind->describe(guest, kind, reason, report_bytes, sizeof(report_bytes), &texts);
    return texts;
}

/* Only guests that end so pay for a report. It has room: the guest's own memory is on its way back. */
static void keep_report(struct guest *guest, const struct report_texts *texts)
{
    char *kept = vmap_alloc(texts->bytes);

    CHECK(kept);
    memcpy(kept, texts->report, texts->bytes);
    guest->life.report = kept;
}

void guest_crash(struct guest *guest, const char *format, ...)
{
    va_list arguments;
    if (guest->life.activity == GUEST_ENDED)
        return;
    va_start(arguments, format);
    format_string_v(guest->life.reason, sizeof(guest->life.reason), format, arguments);
    va_end(arguments);
    if (debug_stop_crash(guest))
        return;
    struct report_texts texts = make_report(guest, REPORT_CRASH, guest->life.reason);
    end_guest(guest, GUEST_END_CRASH, (int32_t)HV_STATUS_CRASH, "crashed");
    keep_report(guest, &texts);
}

void guest_end_timeout(struct guest *guest)
{
    if (guest->life.activity == GUEST_ENDED)
        return;
    struct report_texts texts = make_report(guest, REPORT_TIMEOUT, "its time was up");
    end_guest(guest, GUEST_END_TIMEOUT, 0, "timed out");
    keep_report(guest, &texts);
}

const char *guest_describe(struct guest *guest, const char **rest)
{
    if (guest->life.activity == GUEST_ENDED) {
        *rest = guest_report_rest(guest);
        return guest->life.report;
    }
    struct report_texts texts = make_report(guest, REPORT_LIVE, "");
    *rest = texts.rest;
    return texts.report;
}

struct guest_counts guest_counts(const struct guest *guest)
{
    if (guest->kind->count != NULL)
        return guest->kind->count(guest);
    return (struct guest_counts){ guest_hypercall_count(guest), guest->hidden_fault_count, guest->event_count };
}

void guest_kill(struct guest *guest)
{
    if (guest->life.activity != GUEST_ENDED)
        end_guest(guest, GUEST_END_KILL, 0, "killed");
}

void guest_release(struct guest *guest)
{
    CHECK(guest->life.activity == GUEST_ENDED);
    CHECK(!guest->family.record && !guest->family.children);
    CHECK(!guest->processor);   /* else the next guest at this address would be taken for loaded, FPU and all */
    remove_guest(guest);
    console_detach(&guest->console);
    debug_stop_forget(guest);
    guest_bury(guest);
}

struct guest *guest_first(void)
{
    return guests;
}

/* Bound: one in ID_LISTS of all guests, for IDs count up. */
struct guest *guest_find(uint32_t id)
{
    struct guest *guest = id_lists[id % ID_LISTS];
    while (guest && guest->life.id != id)
        guest = guest->next_of_id;
    return guest;
}
