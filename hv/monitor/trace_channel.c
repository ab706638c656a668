/*
 * trace_channel.c - what scripts/lib/trace.py reads: lines of text, and records as they lie in memory.
 *
 *     guest ID NAME STARTED_NS FIRST      the guest; FIRST: records before those that follow are lost
 *     slot N NAME OFFSET                  where the image has a name for a handler's address
 *     records ID COUNT                    and then so many of struct trace_record
 *     end ID ENDED_NS HOW
 *
 * Before all of them comes the head: "cobble trace 1", and "call N NAME" for each hypercall.
 */
#include "monitor/trace_channel.h"

#include <stddef.h>

#include "base/format.h"
#include "base/string.h"
#include "guest/guest.h"
#include "guest/image_symbols.h"
#include "guest/report_names.h"
#include "guest/trace.h"
#include "io/power.h"
#include "irq/timer.h"
#include "monitor/jobs.h"
#include "monitor/jobs_tell.h"
#include "pebpeb.h"

#define PIECE_RECORDS 100u
#define CALLS_MAX 0x28u
#define LINE_BYTES 200
#define NAME_BYTES 128

static bool is_there, head_is_sent;

void trace_channel_init(void)
{
    is_there = debugcon_present(DEBUGCON_TRACE);
}

static __attribute__((format(printf, 1, 2))) void send_line(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    format_string_v(line, sizeof(line), format, arguments);
    va_end(arguments);
    debugcon_write(DEBUGCON_TRACE, line, (uint32_t)strlen(line));
}

static void send_head(void)
{
    send_line("cobble trace 1\n");
    for (uint32_t number = 0; number < CALLS_MAX; number++) {
        const char *name = report_call_name(number, true);
        if (name != NULL)
            send_line("call %u hv_%s\n", number, name);
    }
    head_is_sent = true;
}

/* Names are the image's: a line of the channel is one word a name, whatever stands there. */
static void copy_name(const struct image_place *place, char name[NAME_BYTES])
{
    unsigned count = place->name != NULL ? place->name_bytes : 0;

    if (count >= NAME_BYTES)
        count = NAME_BYTES - 1;
    for (unsigned i = 0; i < count; i++)
        name[i] = place->name[i] > ' ' && place->name[i] <= '~' ? place->name[i] : '?';
    name[count] = '\0';
}

static void name_handler(const struct guest *guest, uint32_t eip, struct image_place *place)
{
    *place = (struct image_place){ .address = eip };
    image_symbols_name(&guest->image, &place, 1);
}

/*
 * The handlers that it has by now, a piece: those from here on that have one address. Bound: the slots, and the symbols
 * of its image once (image_symbols.h).
 */
static void send_slots(struct guest *guest)
{
    struct image_place place = { 0 };
    struct trace *trace = guest->trace;
    char name[NAME_BYTES];

    for (; trace->next_slot < HV_IDT_SLOTS; trace->next_slot++) {
        uint32_t eip = guest->state.idt[trace->next_slot].eip;
        if (eip == 0)
            continue;
        if (place.address != 0 && eip != place.address)
            return;
        if (place.address == 0)
            name_handler(guest, eip, &place);
        copy_name(&place, name);
        if (name[0] != '\0')
            send_line("slot %u %s %u\n", trace->next_slot, name, place.offset);
    }
}

static void send_begin(struct guest *guest)
{
    struct trace *trace = guest->trace;

    if (!head_is_sent)
        send_head();
    trace->sent = trace_oldest(trace);
    send_line("guest %u %s %llu %llu\n", guest->life.id, guest->life.name, (unsigned long long)guest->life.started_ns,
              (unsigned long long)trace->sent);
    trace->next_slot = 0;
    trace->head_is_sent = true;
}

static void send_record(const struct trace_record *record)
{
    debugcon_write(DEBUGCON_TRACE, (const char *)record, sizeof(*record));
}

static void send_records(const struct guest *guest, uint64_t count)
{
    struct trace *trace = guest->trace;

    send_line("records %u %llu\n", guest->life.id, (unsigned long long)count);
    for (; count > 0; count--)
        send_record(trace_at(trace, trace->sent++));
}

static void send_end(struct guest *guest)
{
    bool has_ended = guest->life.activity == GUEST_ENDED;
    struct trace_record last = trace_last_turn(guest);
    char state[32];

    jobs_describe(guest, state);
    if (last.at_ns != 0) {
        send_line("records %u 1\n", guest->life.id);
        send_record(&last);
    }
    send_line("end %u %llu %s\n", guest->life.id,
              (unsigned long long)(has_ended ? guest->life.ended_ns : timer_now_ns()), state);
    guest->trace->end_is_sent = true;
}

/* One piece. */
static void send_some(struct guest *guest)
{
    struct trace *trace = guest->trace;

    if (!trace->head_is_sent) {
        send_begin(guest);
        return;
    }
    if (trace->next_slot < HV_IDT_SLOTS) {
        send_slots(guest);
        return;
    }
    uint64_t left = trace->made - trace->sent;
    if (left > 0)
        send_records(guest, left < PIECE_RECORDS ? left : PIECE_RECORDS);
    else
        send_end(guest);
}

static bool has_some(const struct guest *guest)
{
    return is_there && guest->trace != NULL && !guest->trace->end_is_sent;
}

/* A slot's line says not whose it is: no other guest's come between. */
static bool is_being_named(const struct guest *guest)
{
    return guest->trace->head_is_sent && guest->trace->next_slot < HV_IDT_SLOTS;
}

static struct guest *find_waiting(void)
{
    struct guest *first = NULL;

    for (struct guest *guest = guest_first(); guest != NULL; guest = guest->next) {
        if (guest->life.activity != GUEST_ENDED || !has_some(guest))
            continue;
        if (is_being_named(guest))
            return guest;
        first = first != NULL ? first : guest;
    }
    return first;
}

bool trace_channel_waits(void)
{
    return find_waiting() != NULL;
}

void trace_channel_pump(void)
{
    struct guest *guest = find_waiting();

    if (guest != NULL)
        send_some(guest);
}

void trace_channel_send_all(void)
{
    while (trace_channel_waits())
        trace_channel_pump();
    for (struct guest *guest = guest_first(); guest != NULL; guest = guest->next) {
        while (has_some(guest))
            send_some(guest);
    }
}
