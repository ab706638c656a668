/*
 * commands_trace.c - the monitor's command trace: begin and end a trace, and its newest events as text.
 */
#include "monitor/commands_trace.h"

#include <stddef.h>

#include "base/format.h"
#include "base/string.h"
#include "guest/guest.h"
#include "guest/image_symbols.h"
#include "guest/report_names.h"
#include "guest/trace.h"
#include "monitor/commands_guest.h"
#include "monitor/shell_output.h"

#define SHOWN 18u                   /* events: with what stands above them they fit a screen */
#define TEXT_BYTES 120
#define NS_PER_US 1000u
#define US_PER_MS 1000u

static void describe_delivery(const struct trace_record *record, char text[TEXT_BYTES])
{
    char name[48];

    report_name_vector(record->kind, name, sizeof(name));
    if (record->kind == EXC_PF)
        format_string(text, TEXT_BYTES, "%s of 0x%08x to its handler", name, record->detail);
    else if (record->kind < EXC_COUNT || record->kind == HV_SLOT_KEYBOARD)
        format_string(text, TEXT_BYTES, "%s, word 0x%x, to its handler", name, record->detail);
    else
        format_string(text, TEXT_BYTES, "%s to its handler, EAX 0x%x", name, record->detail);
}

static void describe_call(const struct trace_record *record, char text[TEXT_BYTES])
{
    uint32_t number = record->kind - GUEST_EVENT_CALL;
    const char *name = report_call_name(number, true);
    bool has_words = report_call_word_count(number, true) != 0;

    format_string(text, TEXT_BYTES, "hv_%s(", name != NULL ? name : "?");
    if (has_words)
        format_string(text + strlen(text), TEXT_BYTES - strlen(text), "0x%x%s", record->detail,
                      report_call_word_count(number, true) > 1 ? ", ..." : "");
    format_string(text + strlen(text), TEXT_BYTES - strlen(text), ")%s",
                  number == HV_CALL_IRET && record->mode & TRACE_USER ? " to user" : "");
}

static void describe_record(const struct trace_record *record, char text[TEXT_BYTES])
{
    switch (record->kind) {
    case TRACE_HIDDEN_FAULT:
        format_string(text, TEXT_BYTES, "hidden fault of 0x%08x", record->detail);
        break;
    case TRACE_TICK: format_string(text, TEXT_BYTES, "tick, not delivered yet"); break;
    case TRACE_TURN: format_string(text, TEXT_BYTES, "had the processor"); break;
    case TRACE_HALT: format_string(text, TEXT_BYTES, "HLT"); break;
    case TRACE_OTHER: format_string(text, TEXT_BYTES, "trap 0x%02x", record->detail); break;
    default:
        if (record->kind < GUEST_EVENT_CALL)
            describe_delivery(record, text);
        else
            describe_call(record, text);
    }
}

static void show_record(const struct guest *guest, const struct trace_record *record, const struct image_place *place)
{
    uint64_t at_us = (record->at_ns - guest->life.started_ns) / NS_PER_US;
    char text[TEXT_BYTES], where[TEXT_BYTES] = "";

    describe_record(record, text);
    if (record->kind != TRACE_TURN)
        report_format_place(place, where, sizeof(where));
    shell_print("%7llu.%03llu %7u %s %s  %s", (unsigned long long)(at_us / US_PER_MS),
                (unsigned long long)(at_us % US_PER_MS), record->took_ns / NS_PER_US,
                record->kind == TRACE_TURN ? " " : record->mode & TRACE_USER ? "u" : "k", text, where);
}

static void show_newest(const struct guest *guest)
{
    const struct trace *trace = guest->trace;
    uint64_t kept = trace->made - trace_oldest(trace);
    unsigned count = kept < SHOWN ? (unsigned)kept : SHOWN;
    struct image_place places[SHOWN], *pointers[SHOWN];

    for (unsigned i = 0; i < count; i++) {
        places[i] = (struct image_place){ .address = trace_at(trace, trace->made - count + i)->eip };
        pointers[i] = &places[i];
    }
    image_symbols_name(&guest->image, pointers, count);
    if (count > 0)
        shell_print("%11s %7s   %s", "MS", "US", "EVENT, and where it was (k: guest kernel, u: user)");
    for (unsigned i = 0; i < count; i++)
        show_record(guest, trace_at(trace, trace->made - count + i), &places[i]);
    shell_print("%u %s: %llu events, the last %llu are kept; tracing is %s", guest->life.id, guest->life.name,
                (unsigned long long)trace->made, (unsigned long long)kept, trace->is_on ? "on" : "off");
}

void commands_trace(const struct words *words, uint64_t now_ns)
{
    struct guest *guest = commands_guest_find(words);
    const char *choice = words->count > 2 ? words->word[2] : "";

    (void)now_ns;
    if (guest == NULL)
        return;
    if (strcmp(choice, "on") == 0 && guest->kind != &guest_pebpeb)
        shell_print("trace: guest %u is a machine of its own: info %u has its last exits", guest->life.id,
                    guest->life.id);
    else if (strcmp(choice, "on") == 0 && (guest->life.activity == GUEST_ENDED || !trace_enable(guest)))
        shell_print("trace: guest %u %s", guest->life.id,
                    guest->life.activity == GUEST_ENDED ? "has ended" : "cannot be traced: no memory is left");
    else if (strcmp(choice, "off") == 0)
        trace_disable(guest);
    else if (choice[0] != '\0' && strcmp(choice, "on") != 0)
        shell_print("trace: '%.40s' is neither on nor off", choice);
    else if (guest->trace == NULL)
        shell_print("trace: guest %u is not traced; trace %u on begins it", guest->life.id, guest->life.id);
    else if (choice[0] == '\0')
        show_newest(guest);
}
