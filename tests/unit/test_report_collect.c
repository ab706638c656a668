/*
 * test_report_collect.c - what report.c takes from a guest: bounded, loop-safe, and from memory that may end anywhere.
 *
 * The guest's memory is one small window; everything outside it is unreadable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "guest/gmem.h"
#include "guest/guest.h"
#include "guest/report.h"

#define WINDOW_START 0x100000u
#define WINDOW_WORDS 1024u

static uint32_t window[WINDOW_WORDS];
static struct guest *guest;
static char report[GUEST_REPORT_BYTES];

bool gmem_peek(struct guest *reader, gva_t from, void *to, size_t bytes, gva_t *bad)
{
    assert_ptr_equal(reader, guest);
    if (from.v < WINDOW_START || from.v - WINDOW_START + bytes > sizeof(window)) {
        if (bad != NULL)
            *bad = from;
        return false;
    }
    memcpy(to, (uint8_t *)window + (from.v - WINDOW_START), bytes);
    return true;
}

void gspace_explain(const struct gspace *space, gva_t address, char *text, uint32_t text_bytes)
{
    assert_ptr_equal(space, &guest->space);
    snprintf(text, text_bytes, "explained 0x%x", address.v);
}

static struct gspace_entry looked;

struct gspace_entry gspace_look(const struct gspace *space, gva_t address)
{
    assert_ptr_equal(space, &guest->space);
    assert_true(address.v == guest->state.frame.eip || address.v != 0);
    return looked;
}

static int set_up(void **state)
{
    (void)state;
    memset(window, 0, sizeof(window));
    guest = aligned_alloc(16, (sizeof(*guest) + 15) / 16 * 16);
    memset(guest, 0, sizeof(*guest));
    strcpy(guest->life.reason, "test");
    looked = (struct gspace_entry){ .found = GSPACE_PAGE };
    guest->state.frame.vector = EXC_UD;
    guest->state.frame.cs = 0x19;
    guest->state.frame.eip = WINDOW_START;
    guest->state.frame.esp = WINDOW_START + 0x800;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(guest);
    return 0;
}

static struct report_texts texts;
static char all[2 * GUEST_REPORT_BYTES];    /* report and rest */

static void write_report(void)
{
    report_write(guest, REPORT_CRASH, "test", report, sizeof(report), &texts);
    assert_ptr_equal(texts.report, report);
    assert_ptr_equal(texts.rest, report + strlen(report) + 1);
    assert_int_equal(texts.bytes, strlen(report) + strlen(texts.rest) + 2);
    snprintf(all, sizeof(all), "%s%s", texts.report, texts.rest);
}

static unsigned count_lines(const char *start)
{
    unsigned count = 0;
    for (const char *at = all; (at = strstr(at, start)) != NULL; at++)
        count++;
    return count;
}

static void put_frame(uint32_t ebp, uint32_t next, uint32_t from)
{
    window[(ebp - WINDOW_START) / 4] = next;
    window[(ebp - WINDOW_START) / 4 + 1] = from;
}

static void test_backtrace_follows_frames(void **state)
{
    (void)state;
    guest->state.frame.ebp = WINDOW_START + 0x100;
    put_frame(WINDOW_START + 0x100, WINDOW_START + 0x120, 0x101111);
    put_frame(WINDOW_START + 0x120, WINDOW_START + 0x140, 0x102222);
    put_frame(WINDOW_START + 0x140, 0, 0x103333);
    write_report();
    assert_non_null(strstr(report, "  from 0x00101111\n  from 0x00102222\n  from 0x00103333\nlast events"));
}

static void test_backtrace_ends(void **state)
{
    (void)state;
    guest->state.frame.ebp = WINDOW_START + 0x100;
    put_frame(WINDOW_START + 0x100, WINDOW_START + 0x100, 0x101111);    /* a frame that points at itself */
    write_report();
    assert_int_equal(count_lines("  from"), 1);
    put_frame(WINDOW_START + 0x100, WINDOW_START + 0x200, 0x101111);    /* a loop of two */
    put_frame(WINDOW_START + 0x200, WINDOW_START + 0x100, 0x102222);
    write_report();
    assert_int_equal(count_lines("  from"), 2);
    put_frame(WINDOW_START + 0x200, WINDOW_START + 0x40000000, 0x102222);
    write_report();
    assert_int_equal(count_lines("  from"), 2);
    put_frame(WINDOW_START + 0x200, WINDOW_START + 0x300, 0);           /* no return address */
    write_report();
    assert_int_equal(count_lines("  from"), 1);
    for (uint32_t ebp = WINDOW_START + 0x100; ebp < WINDOW_START + 0xF00; ebp += 8)
        put_frame(ebp, ebp + 8, 0x101111);                              /* endless recursion */
    write_report();
    assert_int_equal(count_lines("  from"), 16);
    guest->state.frame.ebp = 0xFFFFFFFC;                                      /* the address of the second word wraps */
    write_report();
    assert_int_equal(count_lines("  from"), 0);
}

static void test_memory_that_ends(void **state)
{
    (void)state;
    guest->state.frame.eip = WINDOW_START + sizeof(window) - 2;
    guest->state.frame.esp = WINDOW_START + sizeof(window) - 8;
    write_report();
    assert_non_null(strstr(report, "code: 00 00 (then unreadable)\n"));
    assert_non_null(strstr(report, "stack at 0x00100ff8: 00000000 00000000\n"));
    guest->state.frame.eip = guest->state.frame.esp = 0xFFFFFFFF;
    write_report();
    assert_non_null(strstr(report, "code: cannot be read at 0xffffffff\n"));
    assert_non_null(strstr(report, "stack: cannot be read at esp 0xffffffff\n"));
}

static void test_what_is_explained(void **state)
{
    (void)state;
    write_report();
    assert_non_null(strstr(report, "tables for 0x00100000: explained 0x100000\n"));
    guest->state.frame.vector = EXC_PF;
    guest->fault_address = 0xCAFE0;
    write_report();
    assert_non_null(strstr(report, "tables for 0x000cafe0: explained 0xcafe0\n"));
    assert_non_null(strstr(guest->life.registers, "eip=0x00100000 eflags=0x00000000"));
}

static void test_slot_of_event(void **state)
{
    (void)state;
    guest->state.frame.vector = 0xF0;     /* the host's timer interrupt */
    guest->state.idt[HV_SLOT_KEYBOARD].eip = WINDOW_START;
    write_report();
    assert_non_null(strstr(report, "event: a virtual interrupt was due\n"));
    assert_non_null(strstr(report, "the slot of the timer is empty"));
    guest->state.idt[HV_SLOT_TIMER].eip = WINDOW_START;
    write_report();
    assert_non_null(strstr(report, "the stack for events"));
}

/* POP EDX; INT 0xDE, called from 0x100205, where a CALL ends. */
static void put_call(void)
{
    uint8_t *bytes = (uint8_t *)window;

    memcpy(bytes + 0x100, "\x5A\xCD\xDE", 3);
    bytes[0x200] = 0xE8;
    guest->state.frame.eip = WINDOW_START + 0x101;
    guest->state.frame.vector = HV_INT_VECTOR;
    guest->state.frame.eax = HV_CALL_EXIT;
}

static void test_caller_of_call(void **state)
{
    (void)state;
    put_call();
    guest->state.frame.edx = WINDOW_START + 0x205;
    write_report();
    assert_non_null(strstr(report, "called from: 0x00100205\n"));
    guest->state.frame.edx = WINDOW_START + 0x206;            /* no call ends there */
    write_report();
    assert_null(strstr(report, "called from"));
    window[0x7FC / 4] = WINDOW_START + 0x205;                 /* just below ESP */
    write_report();
    assert_non_null(strstr(report, "called from: 0x00100205\n"));
    window[0x7FC / 4] = 0;
    window[0x800 / 4] = WINDOW_START + 0x205;                 /* at ESP */
    write_report();
    assert_non_null(strstr(report, "called from: 0x00100205\n"));
    guest->state.frame.eip += 2;                              /* an interrupt right behind the call */
    guest->state.frame.vector = HV_SLOT_TIMER;
    write_report();
    assert_non_null(strstr(report, "called from: 0x00100205\n"));
}

/* CALL *EAX to nowhere: the return address is at ESP. */
static void test_caller_of_nowhere(void **state)
{
    (void)state;
    memcpy((uint8_t *)window + 0x300, "\xFF\xD0", 2);
    window[0x800 / 4] = WINDOW_START + 0x302;
    guest->state.frame.eip = guest->fault_address = 0x70000000;
    guest->state.frame.vector = EXC_PF;
    write_report();
    assert_non_null(strstr(report, "called from: 0x00100302\n"));
    guest->state.frame.eip = WINDOW_START;                    /* code of some function: nobody knows */
    write_report();
    assert_null(strstr(report, "called from"));
}

/* EBP is the kernel's until user code sets it: only a frame in user pages, above ESP, is guest user's. */
static void test_backtrace_of_user(void **state)
{
    (void)state;
    guest->state.frame.cs = 0x1B;
    guest->state.frame.ebp = WINDOW_START + 0x900;
    put_frame(WINDOW_START + 0x900, 0, 0x101111);
    looked = (struct gspace_entry){ GSPACE_PAGE, 3, 7 };
    write_report();
    assert_int_equal(count_lines("  from"), 0);
    looked.pde = 7;
    write_report();
    assert_int_equal(count_lines("  from"), 1);
    guest->state.frame.ebp = WINDOW_START + 0x700;            /* below ESP */
    put_frame(WINDOW_START + 0x700, 0, 0x101111);
    write_report();
    assert_int_equal(count_lines("  from"), 0);
}

static void test_nested(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        events_record(&guest->events, EXC_PF, WINDOW_START, 0);
        window[0x810 / 4 + 5 * i] = i < 11 ? WINDOW_START : WINDOW_START + 0x77;
        window[0x814 / 4 + 5 * i] = HV_MODE_KERNEL;
    }
    guest->state.idt[EXC_PF].eip = WINDOW_START;
    guest->state.frame.vector = EXC_PF;
    write_report();
    assert_non_null(strstr(report, "nested 11 deep. The first was at 0x00100077"));
    guest->state.frame.eip = WINDOW_START + 0x50;             /* ran on somewhere else: the events tell */
    write_report();
    assert_non_null(strstr(report, "nested 11 deep. The first was at 0x00100077"));
}

/* Whoever ended it knows better. */
static void test_given_advice(void **state)
{
    (void)state;
    guest->strict_advice = "the loop of main.";
    write_report();
    assert_non_null(strstr(report, "\nLook at: the loop of main.\n"));
}

/* The commonest moments, ticks among them. */
static void test_often(void **state)
{
    static const uint32_t eips[] = { 5, 7, 7, 9, 7, 5, 7, 3 };

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        guest->state.frame.eip = eips[i];
        guest_see(guest);
    }
    guest->state.frame.eip = WINDOW_START;
    events_record(&guest->events, HV_SLOT_TIMER, 5, 0);
    report_write(guest, REPORT_LIVE, "", report, sizeof(report), &texts);
    assert_non_null(strstr(report, "often at: 0x00000007, 4 of 9 times\n      at: 0x00000005, 3 of 9 times\n"
                                   "      at: 0x00000009, 1 of 9 times\n"));
    assert_memory_equal(report, "at: 0x00100000", 14);
    for (unsigned i = 0; i < 40; i++)
        guest_see(guest);
    report_write(guest, REPORT_LIVE, "", report, sizeof(report), &texts);
    assert_non_null(strstr(report, "often at: 0x00100000, 16 of 17 times\n      at: 0x00000005, 1 of 17 times\n"));
}

static bool is_told_asleep(void)
{
    report_write(guest, REPORT_TIMEOUT, "", report, sizeof(report), &texts);
    return strstr(report, "asleep in HLT; waiting") != NULL;
}

/* Its time was up at a tick, when its handler was at work: it sleeps if most moments were behind a HLT. */
static void test_asleep_but_for_the_handler(void **state)
{
    static const uint8_t code[] = { 0x90, 0xF4, 0xEB, 0xFC };

    (void)state;
    memcpy(window, code, sizeof(code));
    guest->state.frame.eip = WINDOW_START + 2;
    guest->life.activity = GUEST_READY;
    guest_see(guest);
    guest_see(guest);
    guest->state.frame.eip = WINDOW_START + 0x40;
    guest_see(guest);
    assert_true(is_told_asleep());
    guest->life.activity = GUEST_BLOCKED;
    assert_false(is_told_asleep());
    guest->life.activity = GUEST_READY;
    guest_see(guest);
    assert_false(is_told_asleep());         /* only half of them */
    guest_see(guest);
    assert_false(is_told_asleep());         /* most were elsewhere */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_backtrace_follows_frames, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_backtrace_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_that_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_explained, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slot_of_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_caller_of_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_caller_of_nowhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_backtrace_of_user, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nested, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_given_advice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_often, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_asleep_but_for_the_handler, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
