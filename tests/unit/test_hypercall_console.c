/*
 * test_hypercall_console.c - what a guest prints, its colour and its cursor: each call as it should be made, then every
 * bad argument with the reason for which it kills.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_calls.h"
#include "hypercall/calls.h"
#include "hypercall/dispatch.h"

static void test_print(void **state)
{
    static const uint32_t lengths[] = { 1, 80, 410, 1120 };

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

/* As the run loop does it: a piece a turn, until nothing is left. */
static void expect_pieces(unsigned first, unsigned count, uint32_t length)
{
    uint32_t done = first;

    assert_int_equal(fake_console.length, first);
    assert_memory_equal(fake_console.bytes, &fake_ram[TEXT], first);
    for (unsigned i = 1; i < count; i++) {
        assert_true(hypercall_is_unfinished(guest));
        hypercall_go_on(guest);
        assert_memory_equal(fake_console.bytes, &fake_ram[TEXT + done], fake_console.length);
        assert_true(fake_console.length <= 1120);
        done += fake_console.length;
    }
    assert_false(hypercall_is_unfinished(guest));
    assert_int_equal(done, length);
}

static void test_print_is_cut(void **state)
{
    for (uint32_t at = 0; at < 4096; at++)
        fake_ram[TEXT + at] = (uint8_t)(at * 7);
    CALL(HV_CALL_PRINT, 4096, TEXT);
    expect_return(HV_CALL_PRINT);
    expect_pieces(1120, 4, 4096);
    CALL(HV_CALL_PRINT, 1121, TEXT);
    expect_pieces(1120, 2, 1121);
    guest->console.vcon.pending_bytes = 1040;   /* what waits is rendered in the same stretch */
    CALL(HV_CALL_PRINT, 4096, TEXT);
    guest->console.vcon.pending_bytes = 0;
    expect_pieces(80, 5, 4096);

    fake_guest_setup(state);
    guest->console.vcon.row = 3;
    guest->console.vcon.column = 4;
    guest->console.vcon.attribute = 5;
    CALL(HV_CALL_PRINT_AT, 4096, TEXT, 24, 79, 255);
    expect_return(HV_CALL_PRINT_AT);
    assert_int_equal(guest->console.vcon.row, 24);
    assert_int_equal(guest->console.vcon.column, 79);
    assert_int_equal(guest->console.vcon.attribute, 255);
    expect_pieces(1120, 4, 4096);
    assert_int_equal(guest->console.vcon.row, 3);
    assert_int_equal(guest->console.vcon.column, 4);
    assert_int_equal(guest->console.vcon.attribute, 5);
}

/* All of a call, whose pieces have this length; the last may be shorter. */
static void expect_all_in_pieces(uint32_t piece, uint32_t length)
{
    uint32_t done = fake_console.length;

    assert_memory_equal(fake_console.bytes, &fake_ram[TEXT], done);
    while (hypercall_is_unfinished(guest)) {
        assert_int_equal(fake_console.length, piece);
        hypercall_go_on(guest);
        assert_memory_equal(fake_console.bytes, &fake_ram[TEXT + done], fake_console.length);
        done += fake_console.length;
    }
    assert_true(fake_console.length <= piece);
    assert_int_equal(done, length);
    assert_int_equal(guest->state.frame.eip, AFTER_INT);
}

static void test_pieces_of_every_length(void **state)
{
    uint32_t shipped = call_print_bytes;

    fake_guest_setup(state);
    for (uint32_t at = 0; at < 4096; at++)
        fake_ram[TEXT + at] = (uint8_t)(at * 7);
    for (call_print_bytes = 1; call_print_bytes <= shipped; call_print_bytes++) {
        CALL(HV_CALL_PRINT, 4096, TEXT);
        expect_all_in_pieces(call_print_bytes, 4096);
        guest->console.vcon.row = 3;
        guest->console.vcon.column = 4;
        guest->console.vcon.attribute = 5;
        CALL(HV_CALL_PRINT_AT, 4096, TEXT, 24, 79, 255);
        expect_all_in_pieces(call_print_bytes, 4096);
        assert_int_equal(guest->console.vcon.row, 3);
        assert_int_equal(guest->console.vcon.column, 4);
        assert_int_equal(guest->console.vcon.attribute, 5);
    }
    call_print_bytes = shipped;
}

/* It could be read when the call came: what went since ends the guest, and says so as if it had never been there. */
static void test_rest_goes_away(void **state)
{
    (void)state;
    CALL(HV_CALL_PRINT, 4096, TEXT);
    guest->state.unfinished.at = FAKE_RAM_BYTES - 100;
    hypercall_go_on(guest);
    assert_string_equal(guest->life.reason,
                        "hv_print: the buffer of 2976 bytes at 0x0000ff9c cannot be read at 0x00010000");
    assert_int_equal(guest->state.frame.eip, AFTER_INT - 2);
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
    CALL(HV_CALL_PRINT_AT, 1120, TEXT, 0, 0, 0);
    assert_int_equal(fake_console.length, 1120);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_print, fake_guest_setup),
        cmocka_unit_test_setup(test_print_is_cut, fake_guest_setup),
        cmocka_unit_test_setup(test_pieces_of_every_length, fake_guest_setup),
        cmocka_unit_test_setup(test_rest_goes_away, fake_guest_setup),
        cmocka_unit_test_setup(test_print_bad, fake_guest_setup),
        cmocka_unit_test_setup(test_print_at, fake_guest_setup),
        cmocka_unit_test_setup(test_print_at_bad, fake_guest_setup),
        cmocka_unit_test_setup(test_colour_and_cursor, fake_guest_setup),
        cmocka_unit_test_setup(test_colour_and_cursor_bad, fake_guest_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
