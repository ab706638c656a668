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

static int set_up(void **state)
{
    (void)state;
    memset(window, 0, sizeof(window));
    guest = aligned_alloc(16, (sizeof(*guest) + 15) / 16 * 16);
    memset(guest, 0, sizeof(*guest));
    strcpy(guest->life.reason, "test");
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

static unsigned count_lines(const char *start)
{
    unsigned count = 0;
    for (const char *at = report; (at = strstr(at, start)) != NULL; at++)
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
    report_write(guest, report, sizeof(report));
    assert_non_null(strstr(report, "  from 0x00101111\n  from 0x00102222\n  from 0x00103333\nlast events"));
}

static void test_backtrace_ends(void **state)
{
    (void)state;
    guest->state.frame.ebp = WINDOW_START + 0x100;
    put_frame(WINDOW_START + 0x100, WINDOW_START + 0x100, 0x101111);    /* a frame that points at itself */
    report_write(guest, report, sizeof(report));
    assert_int_equal(count_lines("  from"), 1);
    put_frame(WINDOW_START + 0x100, WINDOW_START + 0x200, 0x101111);    /* a loop of two */
    put_frame(WINDOW_START + 0x200, WINDOW_START + 0x100, 0x102222);
    report_write(guest, report, sizeof(report));
    assert_int_equal(count_lines("  from"), 2);
    put_frame(WINDOW_START + 0x200, WINDOW_START + 0x40000000, 0x102222);
    report_write(guest, report, sizeof(report));
    assert_int_equal(count_lines("  from"), 2);
    put_frame(WINDOW_START + 0x200, WINDOW_START + 0x300, 0);           /* no return address */
    report_write(guest, report, sizeof(report));
    assert_int_equal(count_lines("  from"), 1);
    for (uint32_t ebp = WINDOW_START + 0x100; ebp < WINDOW_START + 0xF00; ebp += 8)
        put_frame(ebp, ebp + 8, 0x101111);                              /* endless recursion */
    report_write(guest, report, sizeof(report));
    assert_int_equal(count_lines("  from"), 16);
    guest->state.frame.ebp = 0xFFFFFFFC;                                      /* the address of the second word wraps */
    report_write(guest, report, sizeof(report));
    assert_int_equal(count_lines("  from"), 0);
}

static void test_memory_that_ends(void **state)
{
    (void)state;
    guest->state.frame.eip = WINDOW_START + sizeof(window) - 2;
    guest->state.frame.esp = WINDOW_START + sizeof(window) - 8;
    report_write(guest, report, sizeof(report));
    assert_non_null(strstr(report, "code: 00 00 (then unreadable)\n"));
    assert_non_null(strstr(report, "stack at 0x00100ff8: 00000000 00000000\n"));
    guest->state.frame.eip = guest->state.frame.esp = 0xFFFFFFFF;
    report_write(guest, report, sizeof(report));
    assert_non_null(strstr(report, "code: cannot be read at 0xffffffff\n"));
    assert_non_null(strstr(report, "stack: cannot be read at esp 0xffffffff\n"));
}

static void test_what_is_explained(void **state)
{
    (void)state;
    report_write(guest, report, sizeof(report));
    assert_non_null(strstr(report, "tables for 0x00100000: explained 0x100000\n"));
    guest->state.frame.vector = EXC_PF;
    guest->fault_address = 0xCAFE0;
    report_write(guest, report, sizeof(report));
    assert_non_null(strstr(report, "tables for 0x000cafe0: explained 0xcafe0\n"));
    assert_non_null(strstr(guest->life.registers, "eip=0x00100000 eflags=0x00000000"));
}

static void test_slot_of_event(void **state)
{
    (void)state;
    guest->state.frame.vector = 0xF0;     /* the host's timer interrupt */
    guest->state.idt[HV_SLOT_KEYBOARD].eip = WINDOW_START;
    report_write(guest, report, sizeof(report));
    assert_non_null(strstr(report, "event: a virtual interrupt was due\n"));
    assert_non_null(strstr(report, "the slot of the timer is empty"));
    guest->state.idt[HV_SLOT_TIMER].eip = WINDOW_START;
    report_write(guest, report, sizeof(report));
    assert_non_null(strstr(report, "the stack for events"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_backtrace_follows_frames, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_backtrace_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_that_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_explained, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slot_of_event, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
