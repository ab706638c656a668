/*
 * test_report_advice.c - the advice of crash reports, for each kind of crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "guest/report_advice.h"
#include "guest/report_names.h"
#include "pebpeb.h"
#include "sample_crash.h"

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

static void refuse_call(uint32_t number, uint32_t first, uint32_t second, uint32_t third, uint32_t fourth)
{
    raise_event(HV_INT_VECTOR, 0);
    frame.eax = number;
    facts.entry.found = GSPACE_RAM;
    facts.stack[0] = first;
    facts.stack[1] = second;
    facts.stack[2] = third;
    facts.stack[3] = fourth;
}

static void test_advice_hypercalls(void **state)
{
    (void)state;
    refuse_call(0x1234, 0, 0, 0, 0);
    expect_advice("EAX is 0x00001234, which is no hypercall");
    refuse_call(HV_CALL_PRINT, 5, 0x70000000, 0, 0);
    facts.entry.found = GSPACE_NO_TABLE;
    expect_advice("buf, 0x70000000: not all of its 5 bytes can be read");
    refuse_call(HV_CALL_PRINT, 0x100000, 5, 0, 0);
    expect_advice("the length comes first");
    refuse_call(HV_CALL_PRINT, (uint32_t)-7, 0x100000, 0, 0);
    expect_advice("len, -7: a print has 0 to 4096 bytes. Was an error");
    refuse_call(HV_CALL_PRINT_AT, 5, 0x100000, 5, 90);
    expect_advice("row 5 and col 90");
    facts.stack_count = 1;
    refuse_call(HV_CALL_PRINT, 0, 0, 0, 0);
    expect_advice("the call takes 2 words from there, and they cannot be read. Is the page");
    frame.esp = 0;
    expect_advice("A guest starts with ESP = 0");
}

/* By the reason, and never by the call's number. */
static void test_advice_iret(void **state)
{
    (void)state;
    refuse_call(HV_CALL_IRET, 0x100000, 0x3202, 0, 0);
    expect_advice("eflags, 0x00003202, the second word of hv_iret");
    refuse_call(HV_CALL_IRET, 0x202, 0x10F000, 0, 0);
    expect_advice("the order of the words of hv_iret");
    refuse_call(HV_CALL_IRET, 0xFF000000, 0x202, 0, 0);
    expect_advice("eip, 0xff000000, the first word");
    refuse_call(HV_CALL_IRET, 0x100000, 0x202, 0, 0x104000);
    expect_advice("hv_setpd, which must come first: esp0 0x00104000");
}

/* Tables that lead nowhere are at fault, whatever was going on. */
static void test_advice_bad_entries(void **state)
{
    (void)state;
    raise_event(EXC_PF, 0);
    facts.explained = facts.fault_address = 0x70000000;
    facts.is_paging = true;
    facts.entry = (struct gspace_entry){ GSPACE_LARGE_PAGE, 0x83, 0 };
    expect_advice("the PDE of 0x70000000, 0x00000083: bit 7 (PS) is set");
    facts.entry = (struct gspace_entry){ GSPACE_BAD_TABLE, 0x7F000003, 0 };
    expect_advice("the PDE of 0x70000000, 0x7f000003: it names a frame beyond RAM, which ends at 0x01800000");
    facts.entry = (struct gspace_entry){ GSPACE_BAD_PAGE, 3, 0x7F000007 };
    expect_advice("the PTE of 0x70000000, 0x7f000007");
    facts.handler = 0x100000;
    expect_advice("the PTE of 0x70000000, 0x7f000007");
    frame.vector = HV_INT_VECTOR;
    frame.eax = HV_CALL_PRINT;
    expect_advice("the PTE of 0x70000000, 0x7f000007");
}

static void test_advice_rights(void **state)
{
    (void)state;
    raise_event(EXC_PF, PF_PRESENT | PF_USER);
    facts.fault_address = 0x100123;
    facts.is_paging = facts.is_user = true;
    facts.entry = (struct gspace_entry){ GSPACE_PAGE, 0x3, 0x7 };
    expect_advice("the rights of page 0x00100000: guest user may not touch it, as its PDE lacks U");
    facts.entry.pte = 0x3;
    expect_advice("its PDE and PTE lack U");
    facts.entry.pde = 0x7;
    expect_advice("its PTE lacks U");
    facts.entry = (struct gspace_entry){ GSPACE_PAGE, 0x7, 0x5 };
    frame.error |= PF_WRITE;
    expect_advice("it is read-only, as its PTE lacks W (bit 1).");
    frame.error = PF_PRESENT | PF_WRITE;
    expect_advice("lacks W (bit 1), and hv_setpd was given wp = 1");
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
    facts.fault_address = (uint32_t)frame.esp + 0x17;       /* a local variable of a function that has no stack left */
    facts.stack_count = 0;
    expect_advice("It has overflowed");
    frame.esp = 0;
    facts.fault_address = 0xFEFFFFFC;
    expect_advice("A guest starts with ESP = 0 and must set its own");
    sample_crash(NULL);
    raise_event(EXC_PF, 0);
    facts.fault_address = facts.place.address;
    expect_advice("a bad function pointer or an overwritten return address");
    facts.is_user = true;
    expect_advice("is the program loaded and mapped there");
    facts.is_user = false;
    facts.fault_address = 24u << 20;
    expect_advice("the guest's RAM ends at 0x01800000 and paging is off");
    facts.is_paging = true;
    expect_advice("the pointer 0x01800000: its page is not present");
    facts.entry.found = GSPACE_NO_TABLE;
    expect_advice("the pointer 0x01800000: its page table is not present");
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
        { { 0xEE, 0 }, "no ports" }, { { 0xE4, 0x60 }, "no ports" }, { { 0x66, 0xED }, "no ports" },
        { { 0xF4, 0 }, "hv_enable_interrupts first" }, { { 0xFA, 0 }, "hv_disable_interrupts and" },
        { { 0xCF, 0 }, "hv_iret" }, { { 0x0F, 0x22 }, "hv_setpd" }, { { 0x0F, 0x01 }, "hv_setidt" },
        { { 0x0F, 0x30 }, "model-specific" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        raise_event(EXC_GP, 0);
        memcpy(facts.code, cases[i].code, 2);
        facts.code[2] = 0x10;
        expect_advice(cases[i].words);
    }
    facts.is_user = true;
    memcpy(facts.code, "\xCD\xDE", 2);
    expect_advice("hypercalls are the guest kernel's");
    memcpy(facts.code, "\xCD\x80", 2);
    expect_advice("Its third word must be 0");
    sample_crash(NULL);
    raise_event(EXC_GP, 0);
    facts.code[0] = 0x50;
    frame.esp = 0;
    expect_advice("the push or call at EIP has none");
    facts.code[0] = 0x90;
    facts.place.address = 0xFF000000;
    expect_advice("how the code got to 0xff000000, above the last guest address");
}

/* Its handler raises it itself: that, and where it began, is what matters. */
static void test_advice_nested(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        events_record(&events, EXC_PF, 0x100010, 0);
    raise_event(EXC_PF, 0);
    facts.handler = 0x100500;
    facts.nested = 34;
    facts.nested_first = (struct image_place){ .address = 0x100777, .name = "main", .name_bytes = 4, .offset = 7 };
    expect_advice("the handler of #PF (page fault): it raises the same event itself, and was nested 34 deep. The first "
                  "was at 0x00100777 main+0x7");
    facts.nested = 1;
    expect_advice("the stack for events");
}

static void test_advice_hangs(void **state)
{
    (void)state;
    facts.kind = REPORT_TIMEOUT;
    expect_advice("the loop at EIP: what it waits for does not come");
    facts.tick_waits = facts.timer_handler = true;
    expect_advice("hv_enable_interrupts, or IF (0x200)");
    events_record(&events, GUEST_EVENT_CALL + HV_CALL_IRET, 0x100002, 0);
    expect_advice("the eflags of the hv_iret at 0x00100000");
    events_record(&events, HV_SLOT_TIMER, 0x100000, 0);
    expect_advice("the handler that runs now");
    facts.virtual_if = facts.is_halted = true;
    expect_advice("was never filled, so no key wakes it");
    facts.keyboard_handler = true;
    expect_advice("a key that nobody typed");
    for (int i = 0; i < 4; i++) {
        events_record(&events, EXC_PF, 0x100010, 0);
        events_record(&events, GUEST_EVENT_CALL + HV_CALL_IRET, 0x100002, 0);
    }
    expect_advice("it returns to 0x00100010, which raises the same again (the last 4 events are alike)");
    facts.is_blocked = true;
    expect_advice("how much it prints");
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
    facts.is_user = false;
    frame.esp = 0;
    expect_advice("ESP, 0x00000000: the event has a handler, but no stack");
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
        cmocka_unit_test_setup(test_advice_hypercalls, sample_crash),
        cmocka_unit_test_setup(test_advice_iret, sample_crash),
        cmocka_unit_test_setup(test_advice_bad_entries, sample_crash),
        cmocka_unit_test_setup(test_advice_rights, sample_crash),
        cmocka_unit_test_setup(test_advice_page_faults, sample_crash),
        cmocka_unit_test_setup(test_advice_protection, sample_crash),
        cmocka_unit_test_setup(test_advice_nested, sample_crash),
        cmocka_unit_test_setup(test_advice_hangs, sample_crash),
        cmocka_unit_test_setup(test_advice_memory, sample_crash),
        cmocka_unit_test_setup(test_advice_delivery, sample_crash),
        cmocka_unit_test_setup(test_advice_interrupts, sample_crash),
        cmocka_unit_test_setup(test_advice_never_empty, sample_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
