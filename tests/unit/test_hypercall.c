/*
 * test_hypercall.c - every call: what it does with good arguments, what it changes beside that (nothing), and the
 * reason for which each bad argument kills.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/counters.h"
#include "base/frames.h"
#include "cpu/desc.h"
#include "fake_guest.h"
#include "host_panic.h"
#include "hypercall/dispatch.h"
#include "irq/timer.h"

#define AFTER_INT 0x1002u
#define BLOCK 0x3001u           /* no stack, and not aligned */
#define TEXT 0x4000u

static struct guest *const guest = &fake_guest;

static void put_words(unsigned count, const uint32_t *words)
{
    for (unsigned i = 0; i < count; i++)
        fake_put_word(BLOCK + 4 * i, words[i]);
}

static void dispatch(uint32_t number)
{
    guest->frame.eax = number;
    guest->frame.ebx = 0xB0;
    guest->frame.ecx = 0xC0;
    guest->frame.edx = 0xD0;
    guest->frame.eip = AFTER_INT;
    guest->frame.esp = BLOCK;
    guest->frame.vector = HV_INT_VECTOR;
    hypercall_dispatch(guest);
}

#define CALL(number, ...)                                                                                            \
    (put_words(sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4, (const uint32_t[]){ __VA_ARGS__ }), dispatch(number))

/* The call returned to its caller and changed no register but EAX, if that. */
static void expect_return(uint32_t eax)
{
    assert_string_equal(guest->reason, "");
    assert_int_equal(guest->end, GUEST_END_NONE);
    assert_int_equal(guest->frame.eax, eax);
    assert_int_equal(guest->frame.ebx, 0xB0);
    assert_int_equal(guest->frame.ecx, 0xC0);
    assert_int_equal(guest->frame.edx, 0xD0);
    assert_int_equal(guest->frame.eip, AFTER_INT);
    assert_int_equal(guest->frame.esp, BLOCK);
    assert_int_equal(guest->frame.eflags, HV_LAUNCH_EFLAGS);
    assert_int_equal(guest->frame.cs, SEL_GUEST_KERNEL_CS);
}

/* It ended at the INT, with nothing on the console. */
static void expect_crash(const char *reason)
{
    assert_string_equal(guest->reason, reason);
    assert_int_equal(guest->end, GUEST_END_CRASH);
    assert_int_equal(guest->frame.eip, AFTER_INT - 2);
    assert_int_equal(fake_console.call_count, 0);
    fake_guest_setup(NULL);
}

static void test_magic(void **state)
{
    (void)state;
    dispatch(HV_CALL_MAGIC);
    expect_return(0xC001C0DE);
    assert_int_equal(guest->hypercall_count, 1);
    guest->frame.esp = 0xFFFFFFFF;              /* a call without arguments does not look there */
    guest->frame.eax = HV_CALL_MAGIC;
    hypercall_dispatch(guest);
    assert_int_equal(guest->frame.eax, 0xC001C0DE);
}

static void test_exit(void **state)
{
    static const int32_t statuses[] = { 0, 77, -10, INT32_MAX, INT32_MIN };

    for (unsigned i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        fake_guest_setup(state);
        CALL(HV_CALL_EXIT, (uint32_t)statuses[i]);
        assert_int_equal(guest->end, GUEST_END_EXIT);
        assert_int_equal(guest->status, statuses[i]);
    }
}

static void test_unknown(void **state)
{
    static const uint32_t numbers[] = { 0xD, 0x1F, 0x21, 0x27, 0x28, 0xDE, 0x100, 0x80000000, 0xFFFFFFFF };

    (void)state;
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char reason[100];
        snprintf(reason, sizeof(reason), "hypercall 0x%x (EAX): there is no such call", numbers[i]);
        dispatch(numbers[i]);
        expect_crash(reason);
    }
}

static void test_from_user_is_our_bug(void **state)
{
    (void)state;
    guest->frame.cs = SEL_GUEST_USER_CS;
    expect_panic(hypercall_dispatch(guest));
}

/* For each call with arguments: one byte of the block out of reach kills, one byte beside it does not matter. */
static void test_argument_blocks(void **state)
{
    static const struct {
        uint32_t number, words;
        const char *name;
    } table[] = {
#define X(number, NAME, name, words) { number, words, #name },
        HV_CALLS(X)
#undef X
    };

    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        for (uint32_t offset = 0; offset < 4 * table[i].words; offset++) {
            char reason[200];
            uint32_t bad = BLOCK + offset;
            fake_guest_setup(state);
            fake_forbid(bad, bad + 1, false);
            snprintf(reason, sizeof(reason),
                     "hv_%s: its %u argument words at ESP 0x%08x cannot be read (0x%08x is out of reach)",
                     table[i].name, table[i].words, BLOCK, bad);
            dispatch(table[i].number);
            expect_crash(reason);
        }
    fake_forbid(BLOCK + 4, BLOCK + 8, false);
    CALL(HV_CALL_CONS_SET_TERM_COLOR, 3);
    expect_return(HV_CALL_CONS_SET_TERM_COLOR);
}

static void test_events_are_recorded(void **state)
{
    (void)state;
    CALL(HV_CALL_CONS_SET_CURSOR_POS, 24, 79);
    dispatch(HV_CALL_MAGIC);
    assert_int_equal(events_count(&guest->events), 2);
    assert_int_equal(guest->events.ring[0].kind, GUEST_EVENT_CALL + HV_CALL_CONS_SET_CURSOR_POS);
    assert_int_equal(guest->events.ring[0].eip, AFTER_INT);
    assert_int_equal(guest->events.ring[0].detail, 24);
    assert_int_equal(guest->events.ring[1].kind, GUEST_EVENT_CALL + HV_CALL_MAGIC);
    assert_int_equal(guest->events.ring[1].detail, 0);
}

static void test_print(void **state)
{
    static const uint32_t lengths[] = { 1, 80, 410, 2017, 4096 };

    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        fake_guest_setup(state);
        for (uint32_t at = 0; at < 4096; at++)
            fake_ram[TEXT + at] = (uint8_t)(at * 7);
        CALL(HV_CALL_PRINT, lengths[i], TEXT);
        expect_return(HV_CALL_PRINT);
        assert_int_equal(fake_console.call_count, 1);
        assert_int_equal(fake_console.length, lengths[i]);
        assert_memory_equal(fake_console.bytes, &fake_ram[TEXT], lengths[i]);
    }
    fake_guest_setup(state);
    CALL(HV_CALL_PRINT, 0, 0xFFFFFFFF);
    expect_return(HV_CALL_PRINT);
}

static void test_print_bad(void **state)
{
    (void)state;
    CALL(HV_CALL_PRINT, (uint32_t)-1, TEXT);
    expect_crash("hv_print(-1, 0x00004000): length -1 is outside 0..4096");
    CALL(HV_CALL_PRINT, 0x80000000, TEXT);
    expect_crash("hv_print(-2147483648, 0x00004000): length -2147483648 is outside 0..4096");
    CALL(HV_CALL_PRINT, 4097, TEXT);
    expect_crash("hv_print(4097, 0x00004000): length 4097 is outside 0..4096");
    CALL(HV_CALL_PRINT, 100, FAKE_RAM_BYTES - 99);
    expect_crash("hv_print: the buffer of 100 bytes at 0x0000ff9d cannot be read at 0x00010000");
    CALL(HV_CALL_PRINT, 1, 0xFF000000);
    expect_crash("hv_print: the buffer of 1 bytes at 0xff000000 cannot be read at 0xff000000");
}

static void test_print_at(void **state)
{
    memcpy(&fake_ram[TEXT], "hello", 5);
    CALL(HV_CALL_PRINT_AT, 5, TEXT, 24, 79, 255);
    expect_return(HV_CALL_PRINT_AT);
    assert_int_equal(fake_console.call_count, 1);
    assert_int_equal(fake_console.length, 5);
    assert_memory_equal(fake_console.bytes, "hello", 5);
    assert_int_equal(fake_console.row, 24);
    assert_int_equal(fake_console.column, 79);
    assert_int_equal(fake_console.attribute, 255);
    fake_guest_setup(state);
    CALL(HV_CALL_PRINT_AT, 0, 0xFFFFFFFF, 0, 0, 0);
    expect_return(HV_CALL_PRINT_AT);
    fake_guest_setup(state);
    CALL(HV_CALL_PRINT_AT, 4096, TEXT, 0, 0, 0);
    assert_int_equal(fake_console.length, 4096);
}

static void test_print_at_bad(void **state)
{
    (void)state;
    CALL(HV_CALL_PRINT_AT, (uint32_t)-1, TEXT, 0, 0, 7);
    expect_crash("hv_print_at(-1, 0x00004000, 0, 0, 7): length -1 is outside 0..4096");
    CALL(HV_CALL_PRINT_AT, 4097, TEXT, 0, 0, 7);
    expect_crash("hv_print_at(4097, 0x00004000, 0, 0, 7): length 4097 is outside 0..4096");
    CALL(HV_CALL_PRINT_AT, 1, TEXT, 25, 0, 7);
    expect_crash("hv_print_at(1, 0x00004000, 25, 0, 7): row 25 is outside 0..24");
    CALL(HV_CALL_PRINT_AT, 0, TEXT, (uint32_t)-1, 0, 7);
    expect_crash("hv_print_at(0, 0x00004000, -1, 0, 7): row -1 is outside 0..24");
    CALL(HV_CALL_PRINT_AT, 1, TEXT, 0, 80, 7);
    expect_crash("hv_print_at(1, 0x00004000, 0, 80, 7): column 80 is outside 0..79");
    CALL(HV_CALL_PRINT_AT, 1, TEXT, 0, 0, 256);
    expect_crash("hv_print_at(1, 0x00004000, 0, 0, 256): colour 256 is outside 0..255");
    CALL(HV_CALL_PRINT_AT, 1, TEXT, 0, 0, (uint32_t)-1);
    expect_crash("hv_print_at(1, 0x00004000, 0, 0, -1): colour -1 is outside 0..255");
    CALL(HV_CALL_PRINT_AT, 2, FAKE_RAM_BYTES - 1, 0, 0, 7);
    expect_crash("hv_print_at: the buffer of 2 bytes at 0x0000ffff cannot be read at 0x00010000");
}

static void test_colour_and_cursor(void **state)
{
    (void)state;
    CALL(HV_CALL_CONS_SET_TERM_COLOR, 255);
    expect_return(HV_CALL_CONS_SET_TERM_COLOR);
    assert_int_equal(guest->console.vcon.attribute, 255);
    CALL(HV_CALL_CONS_SET_TERM_COLOR, 0);
    assert_int_equal(guest->console.vcon.attribute, 0);
    CALL(HV_CALL_CONS_SET_CURSOR_POS, 24, 79);
    expect_return(HV_CALL_CONS_SET_CURSOR_POS);
    CALL(HV_CALL_CONS_GET_CURSOR_POS, TEXT + 1, TEXT + 9);
    expect_return(HV_CALL_CONS_GET_CURSOR_POS);
    assert_int_equal(fake_console.settled_count, 0);
    assert_int_equal(fake_word(TEXT + 1), 24);
    assert_int_equal(fake_word(TEXT + 5), 0);
    assert_int_equal(fake_word(TEXT + 9), 79);
    guest->console.vcon.pending_bytes = 1;      /* what was printed moves the cursor first */
    CALL(HV_CALL_CONS_GET_CURSOR_POS, TEXT + 1, TEXT + 9);
    assert_int_equal(fake_console.settled_count, 1);
}

static void test_colour_and_cursor_bad(void **state)
{
    (void)state;
    CALL(HV_CALL_CONS_SET_TERM_COLOR, 256);
    expect_crash("hv_cons_set_term_color(256): colour 256 is outside 0..255");
    CALL(HV_CALL_CONS_SET_TERM_COLOR, (uint32_t)-1);
    expect_crash("hv_cons_set_term_color(-1): colour -1 is outside 0..255");
    CALL(HV_CALL_CONS_SET_CURSOR_POS, 25, 3);
    expect_crash("hv_cons_set_cursor_pos(25, 3): row 25 is outside 0..24");
    CALL(HV_CALL_CONS_SET_CURSOR_POS, (uint32_t)-1, 3);
    expect_crash("hv_cons_set_cursor_pos(-1, 3): row -1 is outside 0..24");
    CALL(HV_CALL_CONS_SET_CURSOR_POS, 0, 80);
    expect_crash("hv_cons_set_cursor_pos(0, 80): column 80 is outside 0..79");
    CALL(HV_CALL_CONS_SET_CURSOR_POS, 0, (uint32_t)-1);
    expect_crash("hv_cons_set_cursor_pos(0, -1): column -1 is outside 0..79");
    CALL(HV_CALL_CONS_GET_CURSOR_POS, FAKE_RAM_BYTES - 3, TEXT);
    expect_crash("hv_cons_get_cursor_pos: the row cannot be written to 0x0000fffd");
    CALL(HV_CALL_CONS_GET_CURSOR_POS, TEXT, 0xFF000000);
    expect_crash("hv_cons_get_cursor_pos: the column cannot be written to 0xff000000");
    fake_forbid(TEXT, TEXT + 4, true);
    CALL(HV_CALL_CONS_GET_CURSOR_POS, TEXT, TEXT + 4);
    expect_crash("hv_cons_get_cursor_pos: the row cannot be written to 0x00004000");
}

static void test_setidt(void **state)
{
    (void)state;
    for (uint32_t slot = 0; slot < 256; slot++) {
        CALL(HV_CALL_SETIDT, slot, 0x5000 + slot, slot & 1 ? 0x80000000 : 0);
        expect_return(HV_CALL_SETIDT);
    }
    for (uint32_t slot = 0; slot < 256; slot++) {
        assert_int_equal(guest->idt[slot].eip, 0x5000 + slot);
        assert_int_equal(guest->idt[slot].privileged, slot & 1);
    }
    CALL(HV_CALL_SETIDT, 7, 0, 0);
    assert_int_equal(guest->idt[7].eip, 0);
    CALL(HV_CALL_SETIDT, 8, 0xFFFFFFFF, 0);     /* wrong only when something comes */
    expect_return(HV_CALL_SETIDT);
    CALL(HV_CALL_SETIDT, 256, 0x5000, 1);
    expect_crash("hv_setidt(256, 0x00005000, 1): slot 256 is outside 0..255");
    CALL(HV_CALL_SETIDT, (uint32_t)-1, 0x5000, 1);
    expect_crash("hv_setidt(-1, 0x00005000, 1): slot -1 is outside 0..255");
}

/* Neither nests, and neither delivers by itself. */
static void test_virtual_if(void **state)
{
    (void)state;
    virq_raise_tick(&guest->virq);
    dispatch(HV_CALL_DISABLE_INTERRUPTS);
    expect_return(HV_CALL_DISABLE_INTERRUPTS);
    dispatch(HV_CALL_DISABLE_INTERRUPTS);
    assert_false(guest->virq.enabled);
    dispatch(HV_CALL_ENABLE_INTERRUPTS);
    expect_return(HV_CALL_ENABLE_INTERRUPTS);
    assert_true(virq_is_deliverable(&guest->virq));
    dispatch(HV_CALL_ENABLE_INTERRUPTS);
    dispatch(HV_CALL_DISABLE_INTERRUPTS);
    assert_false(guest->virq.enabled);
    assert_true(virq_is_pending(&guest->virq));
}

static void test_iret_to_kernel(void **state)
{
    (void)state;
    guest->esp0 = 0x7777;
    CALL(HV_CALL_IRET, 0x5001, 0x202, 0xFFFFFFF1, 0, 0xEAEAEAEA);
    assert_string_equal(guest->reason, "");
    assert_int_equal(guest->frame.eip, 0x5001);
    assert_int_equal(guest->frame.esp, 0xFFFFFFF1);     /* need not be a stack until something is pushed */
    assert_int_equal(guest->frame.eax, 0xEAEAEAEA);
    assert_int_equal(guest->frame.eflags, 0x202);
    assert_int_equal(guest->frame.cs, SEL_GUEST_KERNEL_CS);
    assert_int_equal(guest->frame.ss, SEL_GUEST_KERNEL_SS);
    assert_int_equal(guest->frame.ebx, 0xB0);
    assert_int_equal(guest->frame.ecx, 0xC0);
    assert_int_equal(guest->frame.edx, 0xD0);
    assert_int_equal(guest->esp0, 0x7777);
    assert_true(guest->virq.enabled);
}

static void test_iret_to_user(void **state)
{
    (void)state;
    CALL(HV_CALL_IRET, 0x5000, 0x2, 0x6000, 0x7001, 1);
    expect_crash("hv_iret: esp0 0x00007001 asks for guest user mode, which needs paging, and paging is off");
    guest->space.paging = true;
    guest->virq.enabled = true;
    CALL(HV_CALL_IRET, 0x5000, 0x2, 0x6000, 0x7001, 1);
    assert_string_equal(guest->reason, "");
    assert_int_equal(guest->frame.cs, SEL_GUEST_USER_CS);
    assert_int_equal(guest->frame.ss, SEL_GUEST_DATA);
    assert_int_equal(guest->frame.esp, 0x6000);
    assert_int_equal(guest->frame.eflags, 0x202);
    assert_int_equal(guest->esp0, 0x7001);
    assert_false(guest->virq.enabled);
}

static void test_iret_eip(void **state)
{
    (void)state;
    CALL(HV_CALL_IRET, HV_MAX_GVA, 0x2, 0x6000, 0, 1);
    assert_string_equal(guest->reason, "");
    assert_int_equal(guest->frame.eip, HV_MAX_GVA);
    fake_guest_setup(state);
    CALL(HV_CALL_IRET, 0xFF000000, 0x2, 0x6000, 0, 1);
    expect_crash("hv_iret: eip 0xff000000 lies above 0xfeffffff");
}

/* Each of the 32 bits alone: loaded, taken as virtual IF, ignored (bit 1), or deadly with its name. */
static void test_iret_every_flag(void **state)
{
    static const char *const deadly[32] = {
        [3] = "the undefined bit 3", [5] = "the undefined bit 5", [12] = "IOPL", [13] = "IOPL", [14] = "NT",
        [15] = "the undefined bit 15", [17] = "VM", [18] = "AC", [19] = "VIF", [20] = "VIP", [21] = "ID",
    };

    for (unsigned bit = 0; bit < 32; bit++) {
        uint32_t eflags = 1u << bit;
        char reason[200];
        fake_guest_setup(state);
        CALL(HV_CALL_IRET, 0x5000, eflags, 0x6000, 0, 1);
        if (deadly[bit] == NULL && bit < 22) {
            assert_string_equal(guest->reason, "");
            assert_int_equal(guest->frame.eflags, eflags | 0x202);
            assert_int_equal(guest->virq.enabled, bit == 9);
        } else if (bit >= 12 && bit <= 21 && bit != 15) {
            snprintf(reason, sizeof(reason), "hv_iret: eflags 0x%08x has %s set, which a guest cannot have", eflags,
                     deadly[bit]);
            expect_crash(reason);
        } else {
            snprintf(reason, sizeof(reason), "hv_iret: eflags 0x%08x has the undefined bit %u set", eflags, bit);
            expect_crash(reason);
        }
    }
}

/* AC and ID are the guest's for real, by POPF; hv_iret does not carry them, so it must not lose them either. */
static void test_iret_keeps_ac_and_id(void **state)
{
    (void)state;
    guest->frame.eflags = 0x202 | 1u << 18 | 1u << 21 | 1u << 14 | 0x8D5;
    CALL(HV_CALL_IRET, 0x5000, 0x2, 0x6000, 0, 1);
    assert_int_equal(guest->frame.eflags, 0x202 | 1u << 18 | 1u << 21);
}

static gpa_t set_directory;
static uint32_t set_wp;
static gva_t adjusted;
static enum status setpd_status;

enum status gspace_setpd(struct gspace *space, gpa_t directory, uint32_t wp)
{
    (void)space;
    set_directory = directory;
    set_wp = wp;
    return setpd_status;
}

void gspace_adjustpg(struct gspace *space, gva_t address)
{
    (void)space;
    adjusted = address;
}

static void test_paging_calls(void **state)
{
    (void)state;
    guest->space.memory_bytes = 0x1800000;
    CALL(HV_CALL_SETPD, 0x17FF000, 5);
    assert_int_equal(set_directory.v, 0x17FF000);
    assert_int_equal(set_wp, 5);
    guest->space.paging = true;
    CALL(HV_CALL_ADJUSTPG, 0xFEFFF000);
    assert_int_equal(adjusted.v, 0xFEFFF000);
    assert_int_equal(guest->state, GUEST_READY);
}

static void test_paging_bad_input(void **state)
{
    (void)state;
    guest->space.memory_bytes = 0x1800000;
    CALL(HV_CALL_SETPD, 0x10004, 1);
    expect_crash("hv_setpd(0x00010004, 1): the directory is not aligned to 4 KiB");
    guest->space.memory_bytes = 0x1800000;
    CALL(HV_CALL_SETPD, 0x1800000, 0);
    expect_crash("hv_setpd(0x01800000, 0): the directory lies outside RAM, which ends at 0x017fffff");
    CALL(HV_CALL_ADJUSTPG, 0x10000);
    expect_crash("hv_adjustpg(0x00010000): paging is off, there is no hv_setpd before it");
    guest->space.paging = true;
    CALL(HV_CALL_ADJUSTPG, 0x10010);
    expect_crash("hv_adjustpg(0x00010010): the address is not aligned to 4 KiB");
    guest->space.paging = true;
    CALL(HV_CALL_ADJUSTPG, 0xFF000000);
    expect_crash("hv_adjustpg(0xff000000): the address lies above 0xfeffffff");
    setpd_status = STATUS_NO_MEMORY;
    guest->space.memory_bytes = 0x1800000;
    CALL(HV_CALL_SETPD, 0x10000, 0);
    expect_crash("hv_setpd(0x00010000, 0): no memory left for its shadow: all guests together use more than "
                 "the machine has");
    setpd_status = STATUS_OK;
}

/* What counters.c asks of the rest. */
uint64_t timer_now_ns(void)
{
    return 0x100000001;
}

uint64_t frames_count_total(void)
{
    return 600;
}

uint64_t frames_count_free(void)
{
    return 500;
}

#define BUFFER 0x5001u          /* not aligned */

static void test_counters(void **state)
{
    const struct hv_counters expected = { 0x100000001, 1, 2, 3, 1ull << 40, 600, 500, 8, 9, 10, 11 };
    struct hv_counters stored;

    (void)state;
    counters = (struct counters){ .cr3_writes = 1, .invlpg = 2, .port_in = 3, .port_out = 1ull << 40 };
    guest->hypercall_count = 7;
    guest->event_count = 9;
    guest->hidden_fault_count = 10;
    guest->run_ns = 11;
    CALL(HV_CALL_COUNTERS, BUFFER, 1000);
    expect_return(sizeof(stored));
    memcpy(&stored, fake_ram + BUFFER, sizeof(stored));
    assert_memory_equal(&stored, &expected, sizeof(stored));
    assert_int_equal(fake_ram[BUFFER + sizeof(stored)], 0);
}

static void test_counters_stores_what_fits(void **state)
{
    (void)state;
    CALL(HV_CALL_COUNTERS, BUFFER, 5);
    expect_return(sizeof(struct hv_counters));
    assert_int_equal(fake_word(BUFFER), 1);
    assert_int_equal(fake_word(BUFFER + 4), 1);
    counters.cr3_writes = 0xFF;
    CALL(HV_CALL_COUNTERS, BUFFER, 8);
    assert_int_equal(fake_word(BUFFER + 8), 0);
    CALL(HV_CALL_COUNTERS, BUFFER, 0);
    expect_return(sizeof(struct hv_counters));
}

static void test_counters_bad(void **state)
{
    (void)state;
    fake_forbid(0x6000, 0x7000, true);
    CALL(HV_CALL_COUNTERS, 0x6000 - 8, 16);
    expect_crash("hv_counters(0x00005ff8, 16): 0x00006000 cannot be written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_magic, fake_guest_setup),
        cmocka_unit_test_setup(test_exit, fake_guest_setup),
        cmocka_unit_test_setup(test_unknown, fake_guest_setup),
        cmocka_unit_test_setup(test_from_user_is_our_bug, fake_guest_setup),
        cmocka_unit_test_setup(test_argument_blocks, fake_guest_setup),
        cmocka_unit_test_setup(test_events_are_recorded, fake_guest_setup),
        cmocka_unit_test_setup(test_print, fake_guest_setup),
        cmocka_unit_test_setup(test_print_bad, fake_guest_setup),
        cmocka_unit_test_setup(test_print_at, fake_guest_setup),
        cmocka_unit_test_setup(test_print_at_bad, fake_guest_setup),
        cmocka_unit_test_setup(test_colour_and_cursor, fake_guest_setup),
        cmocka_unit_test_setup(test_colour_and_cursor_bad, fake_guest_setup),
        cmocka_unit_test_setup(test_setidt, fake_guest_setup),
        cmocka_unit_test_setup(test_virtual_if, fake_guest_setup),
        cmocka_unit_test_setup(test_iret_to_kernel, fake_guest_setup),
        cmocka_unit_test_setup(test_iret_to_user, fake_guest_setup),
        cmocka_unit_test_setup(test_iret_eip, fake_guest_setup),
        cmocka_unit_test_setup(test_iret_every_flag, fake_guest_setup),
        cmocka_unit_test_setup(test_iret_keeps_ac_and_id, fake_guest_setup),
        cmocka_unit_test_setup(test_paging_calls, fake_guest_setup),
        cmocka_unit_test_setup(test_paging_bad_input, fake_guest_setup),
        cmocka_unit_test_setup(test_counters, fake_guest_setup),
        cmocka_unit_test_setup(test_counters_stores_what_fits, fake_guest_setup),
        cmocka_unit_test_setup(test_counters_bad, fake_guest_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
