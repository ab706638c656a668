/*
 * test_trace_channel.c - what leaves on the trace channel for a guest that has ended: all of it, in its order, and in
 * pieces, of which none looks through the symbols of an image more than once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guest/guest.h"
#include "guest/image_symbols.h"
#include "guest/report_names.h"
#include "guest/trace.h"
#include "io/power.h"
#include "irq/timer.h"
#include "monitor/jobs_tell.h"
#include "monitor/trace_channel.h"

#define HANDLERS_AT 0x100000u

static char sent[64 * 1024];
static unsigned sent_bytes, searches;
static struct guest guest, other;
static struct trace trace, trace_of_other;

bool debugcon_present(enum debugcon port)
{
    return port == DEBUGCON_TRACE;
}

void debugcon_write(enum debugcon port, const char *bytes, uint32_t count)
{
    assert_int_equal(port, DEBUGCON_TRACE);
    assert_true(sent_bytes + count < sizeof(sent));
    memcpy(sent + sent_bytes, bytes, count);
    sent_bytes += count;
    sent[sent_bytes] = '\0';
}

const char *report_call_name(uint32_t number, bool may_control)
{
    (void)may_control;
    return number == 7 ? "seven" : NULL;
}

void image_symbols_name(const struct image_bytes *image, struct image_place *const *places, unsigned count)
{
    static char name[16];

    (void)image;
    searches++;
    assert_int_equal(count, 1);
    places[0]->name = name;
    places[0]->name_bytes = (uint8_t)snprintf(name, sizeof(name), "f%x", places[0]->address);
    places[0]->offset = 0;
}

struct guest *guest_first(void)
{
    return &guest;
}

struct trace_record *trace_at(const struct trace *of, uint64_t number)
{
    (void)of, (void)number;
    fail();
    return NULL;
}

struct trace_record trace_last_turn(const struct guest *of)
{
    (void)of;
    return (struct trace_record){ .at_ns = 0 };
}

uint64_t timer_now_ns(void)
{
    return 1;
}

void jobs_describe(const struct guest *of, char text[32])
{
    (void)of;
    strcpy(text, "exit 0");
}

static void slots_are_named_piece_by_piece(void **state)
{
    (void)state;
    char line[64];
    unsigned pumps = 0;

    guest = (struct guest){ .life = { .id = 5, .name = "traced", .activity = GUEST_ENDED, .ended_ns = 9 },
                            .trace = &trace };
    for (unsigned slot = 1; slot < HV_IDT_SLOTS; slot++)
        guest.state.idt[slot].eip = HANDLERS_AT + slot / 2;     /* two have the same */
    trace_channel_init();
    while (trace_channel_waits()) {
        searches = 0;
        trace_channel_pump();
        assert_in_range(searches, 0, 1);
        pumps++;
    }
    assert_in_range(pumps, HV_IDT_SLOTS / 2, HV_IDT_SLOTS);
    assert_non_null(strstr(sent, "cobble trace 1\ncall 7 hv_seven\nguest 5 traced 0 0\nslot 1 f100000 0\n"));
    const char *at = sent;
    for (unsigned slot = 1; slot < HV_IDT_SLOTS; slot++) {
        snprintf(line, sizeof(line), "slot %u f%x 0\n", slot, HANDLERS_AT + slot / 2);
        at = strstr(at, line);
        assert_non_null(at);
    }
    assert_string_equal(strchr(at, '\n'), "\nend 5 9 exit 0\n");
}

/* A guest that comes first, and ends while another's handlers are named, waits: a slot's line has no ID. */
static void slots_stand_behind_their_guest(void **state)
{
    (void)state;
    other = (struct guest){ .life = { .id = 6, .name = "other", .activity = GUEST_ENDED }, .trace = &trace_of_other };
    guest.life.activity = GUEST_READY;
    guest.next = &other;
    trace = trace_of_other = (struct trace){ .made = 0 };
    other.state.idt[3].eip = HANDLERS_AT + 0x900;
    other.state.idt[9].eip = HANDLERS_AT + 0x901;
    sent[0] = '\0';
    sent_bytes = 0;
    trace_channel_pump();
    trace_channel_pump();
    guest.life.activity = GUEST_ENDED;
    trace_channel_send_all();
    assert_non_null(strstr(sent, "guest 6 other 0 0\nslot 3 f100900 0\nslot 9 f100901 0\n"));
    assert_non_null(strstr(sent, "guest 5 traced 0 0\nslot 1 f100000 0\nslot 2 f100001 0\n"));
    assert_false(trace_channel_waits());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_named_piece_by_piece),
        cmocka_unit_test(slots_stand_behind_their_guest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
