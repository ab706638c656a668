/*
 * test_report.c - crash reports: every line of one report word by word, and what is left out when there is no room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "guest/report_names.h"
#include "pebpeb.h"
#include "sample_crash.h"

static struct report_shown shown;

static void test_whole_report(void **state)
{
    char text[4096];

    (void)state;
    facts.is_paging = facts.virtual_if = facts.has_caller = true;
    facts.caller = (struct image_place){ .address = 0x100123, .name = "a\nb\x1b", .name_bytes = 4, .offset = 3 };
    events_record(&events, HV_SLOT_TIMER, 0x100001, 0);
    events_record(&events, GUEST_EVENT_CALL + HV_CALL_PRINT, 0x100004, 5);
    events_record(&events, EXC_PF, 0x100003, 0xCAFE000);
    facts.event_places[0] = (struct image_place){ .address = 0x100003 };
    facts.event_places[1] = (struct image_place){ .address = 0x100002, .name = "hv_print", .name_bytes = 8 };
    facts.event_places[2] = (struct image_place){ .address = 0x100001 };
    report_format(&facts, text, sizeof(text), &shown);
    assert_string_equal(text,
        "crash: #DE at 0x00100010: no handler\n"
        "event: #DE (divide error), error code 0x0\n"
        "at: 0x00100010 kernel_main+0x10 (main.c:42), guest kernel, paging on, virtual interrupts on\n"
        "code: f7 f1 90 c3 (then unreadable)\n"
        "eax=00000011 ebx=000017ff ecx=feffffff edx=00000000 esi=00000000 edi=00000000\n"
        "ebp=00104ff0 esp=00104fe0 eip=00100010 eflags=00000202 esp0=00000000\n"
        "stack at 0x00104fe0: 00000001 00000002 00000003 00000004 00000005 ffffffff\n"
        "tables for 0x00100010: PTE 0x00000000 not present\n"
        "called from: 0x00100123 a?b?+0x3\n"
        "backtrace:\n"
        "  from 0x00100444 start+0x4\n"
        "  from 0x00100999\n"
        "last events, newest first:\n"
        "  #PF (page fault) at 0x00100003, 0x0cafe000\n"
        "  hv_print at 0x00100002 hv_print+0x0, 0x00000005\n"
        "  timer at 0x00100001, 0x00000000\n"
        "Look at: the divisor at EIP: it is 0, or the quotient does not fit; a kernel that wants to handle it calls "
        "hv_setidt(0, handler, 1).\n");
    assert_int_equal(shown.backtrace, 2);
    assert_int_equal(shown.events, 3);
    report_format_rest(&facts, &shown, text, sizeof(text));
    assert_string_equal(text, "");
}

static unsigned screen_rows(const char *text)
{
    unsigned rows = 0, column = 0;

    for (; *text != '\0'; text++) {
        rows += *text == '\n' || column == REPORT_COLUMNS ? 1 : 0;
        column = *text == '\n' ? 0 : column == REPORT_COLUMNS ? 1 : column + 1;
    }
    return rows;
}

/* However much there is: one screen, the advice last, and nothing lost. */
static void test_one_screen(void **state)
{
    static char text[4096], rest[4096], line[60];

    (void)state;
    facts.reason = "#PF (page fault) at 0x00100010 in guest kernel, read or fetch of 0x70000000, error code 0x0: no "
                   "handler, vIDT slot 0x0e is empty";
    facts.is_outside_code = facts.has_caller = true;
    facts.backtrace_count = REPORT_BACKTRACE_MAX;
    for (unsigned i = 0; i < REPORT_BACKTRACE_MAX; i++)
        facts.backtrace[i] = (struct image_place){ .address = 0x200000 + i };
    for (uint32_t i = 0; i < 40; i++)
        events_record(&events, 0x80, 0x100000 + i, i);
    for (unsigned i = 0; i < GUEST_EVENTS; i++)
        facts.event_places[i] = (struct image_place){ .address = 0x300000 + i };
    report_format(&facts, text, sizeof(text), &shown);
    report_format_rest(&facts, &shown, rest, sizeof(rest));
    assert_in_range(screen_rows(text), REPORT_ROWS - 1, REPORT_ROWS + 1);      /* lines are broken at blanks there */
    assert_in_range(shown.events, 3, 15);
    assert_in_range(shown.backtrace, 1, 15);
    assert_non_null(strstr(rest, "backtrace goes on:\n"));
    assert_non_null(strstr(rest, "events before:\n"));
    for (unsigned i = 0; i < REPORT_BACKTRACE_MAX; i++) {
        snprintf(line, sizeof(line), "  from 0x%08x\n", 0x200000 + i);
        assert_true((strstr(text, line) != NULL) == (i < shown.backtrace));
        assert_true((strstr(rest, line) != NULL) == (i >= shown.backtrace));
    }
    for (unsigned i = 0; i < GUEST_EVENTS - 1; i++) {
        snprintf(line, sizeof(line), " at 0x%08x, ", 0x300000 + i);
        assert_true((strstr(text, line) != NULL) == (i < shown.events));
        assert_true((strstr(rest, line) != NULL) == (i >= shown.events));
    }
}

/* Time is up: where it was, how often, and what it did not see coming. */
static void test_timeout(void **state)
{
    static char text[4096];

    (void)state;
    facts.kind = REPORT_TIMEOUT;
    facts.reason = "its time was up";
    facts.tick_waits = true;
    facts.keys_wait = 2;
    facts.often_of = 16;
    facts.often_count = 2;
    facts.often[0] = (struct report_often){ { .address = 0x100010, .name = "wait", .name_bytes = 4 }, 12 };
    facts.often[1] = (struct report_often){ { .address = 0x100020 }, 3 };
    report_format(&facts, text, sizeof(text), &shown);
    assert_non_null(strstr(text, "timeout: its time was up\nat: 0x00100010 kernel_main+0x10 (main.c:42), guest "));
    assert_non_null(strstr(text, "often at: 0x00100010 wait+0x0, 12 of 16 times\n      at: 0x00100020, 3 of 16 times\n"
                                 "busy; waiting: a tick, 2 keys; slot of the timer empty, of the keyboard empty\n"));
    assert_non_null(strstr(text, "were never filled"));
    assert_null(strstr(text, "event:"));
    assert_null(strstr(text, "tables"));
}

static void test_unreadable_memory(void **state)
{
    char text[4096];

    (void)state;
    facts.code_count = facts.stack_count = facts.backtrace_count = 0;
    facts.entry.found = GSPACE_RAM;
    facts.place.name = facts.place.file = NULL;
    facts.is_user = true;
    report_format(&facts, text, sizeof(text), &shown);
    assert_non_null(strstr(text, "at: 0x00100010, guest user, paging off, virtual interrupts off\n"));
    assert_non_null(strstr(text, "code: cannot be read at 0x00100010\n"));
    assert_non_null(strstr(text, "stack: cannot be read at esp 0x00104fe0\n"));
    assert_non_null(strstr(text, "backtrace: none (ebp holds no frame pointer of guest user)\n"));
    assert_non_null(strstr(text, "last events: none\n"));
    assert_null(strstr(text, "tables"));
}

/* An event that could not be delivered has been taken back, and its record is over the oldest. */
static void test_how_many_events(void **state)
{
    (void)state;
    assert_int_equal(report_count_events(&events), 0);
    for (uint32_t i = 0; i < 40; i++) {
        events_record(&events, 0x80, 0x100000 + i, i);
        assert_int_equal(report_count_events(&events), i < 15 ? i + 1 : 15);
    }
    events_record(&events, EXC_PF, 0xBAD, 0);
    events_forget(&events);
    assert_int_equal(report_count_events(&events), 15);
    assert_int_equal(events_newest(&events)->eip, 0x100027);
}

/* At every size: terminated, never longer, whole lines only, a prefix of the whole. */
static void test_cut_reports(void **state)
{
    static char whole[4096], text[4096];

    (void)state;
    report_format(&facts, whole, sizeof(whole), &shown);
    for (size_t size = 1; size < strlen(whole) + 3; size++) {
        memset(text, '~', sizeof(text));
        report_format(&facts, text, size, &shown);
        size_t length = strlen(text);
        assert_true(length < size && text[size] == '~');
        assert_true(length == 0 || text[length - 1] == '\n');
        assert_memory_equal(text, whole, length);
    }
    assert_string_equal(text, whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_whole_report, sample_crash),
        cmocka_unit_test_setup(test_one_screen, sample_crash),
        cmocka_unit_test_setup(test_timeout, sample_crash),
        cmocka_unit_test_setup(test_unreadable_memory, sample_crash),
        cmocka_unit_test_setup(test_how_many_events, sample_crash),
        cmocka_unit_test_setup(test_cut_reports, sample_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
