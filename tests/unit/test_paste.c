/*
 * test_paste.c - keys that come faster than their consoles take them: input.c between devices on paper.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_consoles.h"
#include "io/input.h"
#include "pebpeb.h"

#define PASTE 3000
#define SECOND_NS 1000000000ull

/* What the guest has got, one character a make; breaks are left out. */
static void expect_guest_makes(const char *wanted)
{
    char text[WORDS + 1];
    unsigned length = 0;

    for (unsigned i = 0; i < guest_count; i++)
        if (guest_words[i] & HV_KEY_MAKE)
            text[length++] = (char)(guest_words[i] & HV_KEY_CHAR_MASK);
    text[length] = '\0';
    assert_string_equal(text, wanted);
}

/* What was a bug: of a text that is pasted faster than the guest takes keys, what did not fit was dropped. */
static void a_paste_loses_no_key(void **state)
{
    (void)state;
    static char text[PASTE + 1];
    unsigned makes = 0;
    uint64_t now_ns = 0;

    for (unsigned i = 0; i < PASTE; i++)
        text[i] = "abCd\r"[i % 5];
    guest_room = 7;
    type("\x1d" "1", now_ns);
    serial_input = text;
    while (makes < PASTE) {
        input_pump(now_ns);
        assert_true(guest_count > 0);
        for (unsigned i = 0; i < guest_count; i++) {
            uint32_t raw = (guest_words[i] & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT;
            if (guest_words[i] & HV_KEY_MAKE && raw != HV_KEYCODE_LSHIFT)
                assert_int_equal((char)(guest_words[i] & HV_KEY_CHAR_MASK), "abCd\n"[makes++ % 5]);
        }
        guest_count = 0;
        assert_true(*serial_input || makes == PASTE || input_next_ns() <= now_ns + 20000000);
        now_ns += SECOND_NS;        /* a slow guest, but it takes some */
    }
    input_pump(now_ns);
    assert_int_equal(guest_dropped, 0);
    assert_false(serial_is_held);
    assert_true(input_next_ns() == UINT64_MAX);
}

/* A guest that never takes a key keeps its paste waiting, and nothing else. */
static void the_prefix_passes_a_paste_that_waits(void **state)
{
    (void)state;
    static const char paste[] = "abcdefghijklmnopqrstuvwxyzabcdef";
    guest_room = 4;
    type("\x1d" "1", 0);
    type(paste, 0);
    type("\x1d" "0", 0);
    assert_ptr_equal(console_in_view(), &monitor);
    type("ps", 0);
    assert_int_equal(monitor_count, 4);
    type("", 100 * SECOND_NS);                  /* and it may take as long as it likes */
    expect_guest_makes("ab");
    guest_count = 0;
    guest_room = WORDS;
    type("", 101 * SECOND_NS);
    assert_int_equal(guest_count, WORDS - 4);
    assert_int_equal(guest_dropped, 0);
    expect_guest_makes("cdefghijklmnopqrstuvwxyzabcdef");
}

/* More than can wait: the line is held for three seconds; then the prefix gets through whatever lies before it. */
static void the_prefix_passes_a_paste_that_nobody_takes(void **state)
{
    (void)state;
    static char text[100 * PASTE + 3];
    memset(text, 'a', 100 * PASTE);
    text[100 * PASTE] = 0x1D;
    text[100 * PASTE + 1] = '0';
    guest_room = 4;
    type("\x1d" "1", SECOND_NS);
    serial_input = text;
    for (unsigned i = 0; i < 20; i++)
        input_pump(SECOND_NS);
    assert_true(serial_is_held);
    size_t rest = strlen(serial_input);
    assert_true(rest > 99 * PASTE);
    input_pump(4 * SECOND_NS - 1);
    assert_int_equal(strlen(serial_input), rest);
    SCANCODES(0x1E, 0x9E);                      /* the other keyboard is not held */
    for (unsigned i = 0; i < 100 * PASTE / 256 + 8; i++)
        input_pump(4 * SECOND_NS);
    assert_ptr_equal(console_in_view(), &monitor);
    assert_false(serial_is_held);
    assert_int_equal(guest_count, 4);
    assert_int_equal(guest_dropped, 2 * 100 * PASTE + 2 - 4);
    guest_count = 0;                            /* it wakes up: nothing more is dropped */
    type("\x1d" "1" "xyz", 5 * SECOND_NS);
    assert_int_equal(guest_dropped, 2 * 100 * PASTE + 2 - 4);
    expect_guest_makes("xy");
    guest_count = 0;
    type("", 5 * SECOND_NS);
    expect_guest_makes("z");
}

/* One that takes nothing does not keep others from theirs, and what waits for a console that goes is forgotten. */
static void nobody_waits_for_anothers_keys(void **state)
{
    (void)state;
    unsigned room = 0;
    struct console other = { .number = 2, .name = "other", .key = monitor_key, .room = room_of_other, .owner = &room };
    vcon_init(&other.vcon);
    console_attach(&other);
    guest_room = 4;
    type("\x1d" "1" "abcd" "\x1d" "2" "abcd" "\x1d" "1" "efgh", 0);
    assert_int_equal(monitor_count, 0);
    room = WORDS;
    type("\x1d" "2" "e", 0);
    assert_int_equal(monitor_count, 10);
    assert_int_equal(guest_count, 4);
    console_detach(&other);
    console_detach(&guest);
    type("", 0);
    assert_true(input_next_ns() == UINT64_MAX);
    assert_int_equal(guest_count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_paste_loses_no_key, fake_consoles_begin),
        cmocka_unit_test_setup(the_prefix_passes_a_paste_that_waits, fake_consoles_begin),
        cmocka_unit_test_setup(the_prefix_passes_a_paste_that_nobody_takes, fake_consoles_begin),
        cmocka_unit_test_setup(nobody_waits_for_anothers_keys, fake_consoles_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
