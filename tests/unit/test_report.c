/*
 * test_report.c - crash reports: every line of one report word by word, then the advice for each kind of crash.
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
#include "guest/report_text.h"
#include "pebpeb.h"

static struct trap_frame frame;
static struct guest_events events;
static struct report_facts facts;

/* A guest kernel with a good stack, paging off, nothing handled, that divided by zero. */
static int set_up(void **state)
{
    (void)state;
    frame = (struct trap_frame){ .eax = 0x11, .ebx = 0x17FF, .ecx = HV_MAX_GVA, .ebp = 0x104FF0, .esp = 0x104FE0,
                                 .eip = 0x100010, .cs = 0x19, .eflags = 0x202, .vector = EXC_DE };
    events = (struct guest_events){ .next_bytes = 0 };
    facts = (struct report_facts){
        .reason = "#DE at 0x00100010: no handler",
        .frame = &frame,
        .events = &events,
        .place = { 0x100010, "kernel_main", 0x10 },
        .memory_bytes = 24u << 20,
        .code_count = 4,
        .code = { 0xF7, 0xF1, 0x90, 0xC3 },
        .stack_count = 8,
        .stack = { 1, 2, 3, 4, 5, 6, 7, 0xFFFFFFFF },
        .explanation = "paging is off: inside RAM",
        .explained = 0x100010,
        .backtrace_count = 2,
        .backtrace = { { 0x100444, "start", 0x4 }, { 0x100999, NULL, 0 } },
    };
    return 0;
}

static void test_whole_report(void **state)
{
    char text[4096];

    (void)state;
    facts.is_paging = facts.virtual_if = true;
    events_record(&events, HV_SLOT_TIMER, 0x100001, 0);
    events_record(&events, GUEST_EVENT_CALL + HV_CALL_PRINT, 0x100004, 5);
    events_record(&events, EXC_PF, 0x100003, 0xCAFE000);
    report_format(&facts, text, sizeof(text));
    assert_string_equal(text,
        "crash: #DE at 0x00100010: no handler\n"
        "event: #DE (divide error), error code 0x0\n"
        "at: 0x00100010 kernel_main+0x10, guest kernel, paging on, virtual interrupts on\n"
        "code: f7 f1 90 c3 (then unreadable)\n"
        "registers: eax=0x00000011 ebx=0x000017ff ecx=0xfeffffff edx=0x00000000 esi=0x00000000 edi=0x00000000 "
        "ebp=0x00104ff0 esp=0x00104fe0 eip=0x00100010 eflags=0x00000202\n"
        "stack at 0x00104fe0: 00000001 00000002 00000003 00000004 00000005 00000006 00000007 ffffffff\n"
        "tables for 0x00100010: paging is off: inside RAM\n"
        "backtrace:\n"
        "  from 0x00100444 start+0x4\n"
        "  from 0x00100999\n"
        "last events, newest first:\n"
        "  #PF (page fault) at 0x00100003, 0x0cafe000\n"
        "  hypercall print at 0x00100002, 0x00000005\n"
        "  timer at 0x00100001, 0x00000000\n"
        "Look at: the divisor at EIP: it is 0, or the quotient does not fit; a kernel that wants to handle it calls "
        "hv_setidt(0, handler, 1).\n");
}

static void test_unreadable_memory(void **state)
{
    char text[4096];

    (void)state;
    facts.code_count = facts.stack_count = facts.backtrace_count = 0;
    facts.explanation[0] = '\0';
    facts.place.name = NULL;
    facts.is_user = true;
    report_format(&facts, text, sizeof(text));
    assert_non_null(strstr(text, "at: 0x00100010, guest user, paging off, virtual interrupts off\n"));
    assert_non_null(strstr(text, "code: cannot be read at 0x00100010\n"));
    assert_non_null(strstr(text, "stack: cannot be read at esp 0x00104fe0\n"));
    assert_non_null(strstr(text, "backtrace: none (ebp holds no frame pointer)\n"));
    assert_non_null(strstr(text, "last events: none\n"));
    assert_null(strstr(text, "tables"));
}

static void test_event_ring_wraps(void **state)
{
    char text[4096], line[60];

    (void)state;
    events.next_bytes = UINT32_MAX - 7 * sizeof(struct guest_event) + 1;
    for (uint32_t i = 0; i < 40; i++)
        events_record(&events, 0x80, 0x100000 + i, i);
    report_format(&facts, text, sizeof(text));
    for (uint32_t i = 25; i < 40; i++) {
        snprintf(line, sizeof(line), "  INT 0x80 at 0x%08x, 0x%08x\n", 0x100000 + i, i);
        assert_non_null(strstr(text, line));
    }
    assert_null(strstr(text, "at 0x00100018,"));
}

/* An event that could not be delivered: the reason tells of it, the record has been taken back. */
static void test_event_taken_back(void **state)
{
    char text[4096];

    (void)state;
    for (uint32_t i = 0; i < 40; i++)
        events_record(&events, 0x80, 0x100000 + i, i);
    events_record(&events, EXC_PF, 0xBAD, 0);
    events_forget(&events);
    report_format(&facts, text, sizeof(text));
    assert_non_null(strstr(text, "newest first:\n  INT 0x80 at 0x00100027, 0x00000027\n"));
    assert_null(strstr(text, "0x00000bad"));
}

/* At every size: terminated, never longer, whole lines only, a prefix of the whole. */
static void test_cut_reports(void **state)
{
    static char whole[4096], text[4096];

    (void)state;
    report_format(&facts, whole, sizeof(whole));
    for (size_t size = 1; size < strlen(whole) + 3; size++) {
        memset(text, '~', sizeof(text));
        report_format(&facts, text, size);
        size_t length = strlen(text);
        assert_true(length < size && text[size] == '~');
        assert_true(length == 0 || text[length - 1] == '\n');
        assert_memory_equal(text, whole, length);
    }
    assert_string_equal(text, whole);
}

static void expect_advice(const char *words)
{
    char text[REPORT_ADVICE_BYTES];

    report_advise(&facts, text, sizeof(text));
    if (strstr(text, words) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", words, text);
    assert_true(strlen(text) < sizeof(text) - 1 && strchr(text, '\n') == NULL);
}

static void raise_event(unsigned vector, uint32_t error)
{
    frame.vector = vector;
    frame.error = error;
}

static void test_advice_hypercalls(void **state)
{
    (void)state;
    raise_event(HV_INT_VECTOR, 0);
    frame.eax = 0x1234;
    expect_advice("EAX is 0x00001234, which is no hypercall");
    frame.eax = HV_CALL_PRINT;
    expect_advice("the 2 argument words of hv_print at ESP 0x00104fe0");
    facts.stack_count = 1;
    expect_advice("hv_print takes 2 words from there, and they cannot be read");
    frame.eax = HV_CALL_ENABLE_INTERRUPTS;
    expect_advice("hv_setidt(0x20, ...): interrupts were turned on while the slot of the timer was empty");
    facts.timer_handler = true;
    expect_advice("hv_setidt(0x21, ...): interrupts were turned on while the slot of the keyboard was empty");
    facts.keyboard_handler = true;
    expect_advice("hv_enable_interrupts");
}

static void test_advice_page_faults(void **state)
{
    (void)state;
    raise_event(EXC_PF, PF_WRITE);
    facts.fault_address = 0x10;
    expect_advice("a NULL pointer: the code at EIP writes at offset 0x10");
    frame.error = 0;
    expect_advice("reads at offset 0x10");
    facts.fault_address = (uint32_t)frame.esp - 4;
    expect_advice("It has overflowed");
    facts.fault_address = (uint32_t)frame.esp - 0x1000;
    expect_advice("It has overflowed");
    frame.esp = 0;
    facts.fault_address = 0xFEFFFFFC;
    expect_advice("A guest starts with ESP = 0 and must set its own");
    set_up(NULL);
    raise_event(EXC_PF, 0);
    facts.fault_address = facts.place.address;
    expect_advice("a bad function pointer or an overwritten return address");
    facts.fault_address = 24u << 20;
    expect_advice("the guest's RAM ends at 0x01800000 and paging is off");
    facts.is_paging = true;
    expect_advice("the pointer 0x01800000 and the tables line above; and hv_setidt(14, ...)");
}

static void test_advice_protection(void **state)
{
    (void)state;
    raise_event(EXC_GP, 0);
    expect_advice("one above 0xfeffffff, the last guest address, is a segment violation");
    raise_event(EXC_SS, 0);
    expect_advice("segment violation");
    raise_event(EXC_GP, 0x28);
    expect_advice("the selector 0x28");
    static const struct {
        uint8_t code[2];
        const char *words;
    } cases[] = {
        { { 0xEE, 0 }, "port I/O" }, { { 0xE4, 0x60 }, "port I/O" }, { { 0x66, 0xED }, "port I/O" },
        { { 0xF4, 0 }, "HLT" }, { { 0xFA, 0 }, "CLI or STI" }, { { 0xCF, 0 }, "hv_iret" },
        { { 0x0F, 0x22 }, "hv_setpd" }, { { 0x0F, 0x01 }, "LGDT" }, { { 0x0F, 0x30 }, "model-specific" },
        { { 0xCD, 0x0D }, "INT 0x0d at EIP: hv_setidt must fill its slot first" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        raise_event(EXC_GP, 0);
        memcpy(facts.code, cases[i].code, 2);
        expect_advice(cases[i].words);
    }
    facts.is_user = true;
    expect_advice("only when hv_setidt filled its slot as not privileged");
}

/* Whatever the guest was doing. */
static void test_advice_memory(void **state)
{
    (void)state;
    facts.lacks_memory = true;
    raise_event(EXC_PF, 2);
    facts.handler = 0x100000;
    expect_advice("the machine's memory: RAM is taken when it is touched, and the guests, this one with up to 24576 "
                  "KiB (mem=)");
    raise_event(HV_INT_VECTOR, 0);
    frame.eax = HV_CALL_SETPD;
    expect_advice("the machine's memory");
}

static void test_advice_delivery(void **state)
{
    (void)state;
    facts.handler = 0x100500;
    expect_advice("ESP is 0x00104fe0, and the 20 bytes below must be mapped and writable (a stack overflow");
    facts.is_user = true;
    facts.esp0 = 0x2000;
    expect_advice("esp0 (argument of the last hv_iret) is 0x00002000, and the 24 bytes below");
    raise_event(EXC_PF, 0);
    expect_advice("names a page-table entry");
    facts.handler = 0xFF000000;
    expect_advice("its handler 0xff000000 lies above the last guest address");
}

static void test_advice_interrupts(void **state)
{
    (void)state;
    raise_event(0x80, 0);
    expect_advice("hv_setidt(0x80, ...): the INT at EIP has no handler");
    raise_event(0xF0, 0);
    expect_advice("hv_setidt(0x20, ...): virtual interrupts are on, but the slot of the timer is empty");
    facts.timer_handler = true;
    expect_advice("hv_setidt(0x21, ...): virtual interrupts are on, but the slot of the keyboard is empty");
    facts.keyboard_handler = true;
    expect_advice("the code at EIP and the last events");
}

/* Whatever happens, there is advice, and it has an end. */
static void test_advice_never_empty(void **state)
{
    (void)state;
    for (unsigned vector = 0; vector < 256; vector++) {
        raise_event(vector, 0);
        for (frame.eax = 0; frame.eax < 0x28; frame.eax++)
            expect_advice("");
        char name[40];
        report_name_vector(vector, name, sizeof(name));
        assert_in_range(strlen(name), 1, 38);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_whole_report, set_up),
        cmocka_unit_test_setup(test_unreadable_memory, set_up),
        cmocka_unit_test_setup(test_event_ring_wraps, set_up),
        cmocka_unit_test_setup(test_event_taken_back, set_up),
        cmocka_unit_test_setup(test_cut_reports, set_up),
        cmocka_unit_test_setup(test_advice_hypercalls, set_up),
        cmocka_unit_test_setup(test_advice_page_faults, set_up),
        cmocka_unit_test_setup(test_advice_protection, set_up),
        cmocka_unit_test_setup(test_advice_memory, set_up),
        cmocka_unit_test_setup(test_advice_delivery, set_up),
        cmocka_unit_test_setup(test_advice_interrupts, set_up),
        cmocka_unit_test_setup(test_advice_never_empty, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
