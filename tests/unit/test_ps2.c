/*
 * test_ps2.c - the keyboard driver against an 8042 on paper, with a keyboard that answers, asks again, is slow
 * or dead.
 *
 * The driver is compiled in here with port I/O that goes to the model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CPU_INSN_H      /* the real one has the instructions */
static uint8_t insn_inb(uint16_t port);
static void insn_outb(uint16_t port, uint8_t value);

#include "io/ps2.c"

#define QUEUE 256
#define NO_BYTE 0x100u

static struct {
    bool none;                  /* every port reads 0xFF */
    bool controller_stuck;      /* never takes a byte */
    bool keyboard_dead;         /* takes bytes, never answers */
    bool slow;                  /* a byte to the keyboard is under way until line_catches_up */
    unsigned refuse;            /* bytes that the keyboard will ask to have again */
    uint16_t queue[QUEUE];      /* for the host; 0x100: from the auxiliary port */
    unsigned head, tail;
    unsigned under_way;         /* the byte on the line, or NO_BYTE */
    uint8_t command;            /* of the controller, that wants a data byte */
    uint8_t config;
    bool wants_leds;            /* the keyboard had 0xED */
    uint8_t leds, scanning;
    bool repeats;               /* a held key; firmware can have it otherwise */
    unsigned accesses, leds_commands;
} model;

static void to_host(unsigned byte)
{
    assert_true(model.head - model.tail < QUEUE);
    model.queue[model.head++ % QUEUE] = (uint16_t)byte;
}

/* IBM's keyboard: any command above 0x7F abandons one that waits for its byte. */
static void keyboard_takes(uint8_t byte)
{
    if (model.keyboard_dead)
        return;
    if (model.refuse > 0) {
        model.refuse--;
        to_host(0xFE);
        return;
    }
    if (byte == 0xED) {
        model.leds_commands++;
        model.wants_leds = true;
    } else if (byte == 0xF6) {
        model.scanning = false;     /* IBM's keyboard: "Set Default", of some keyboards also "Default Disable" */
        model.repeats = true;
    } else if (byte == 0xF4) {
        model.scanning = true;
    } else if (model.wants_leds) {
        assert_true(byte < 8);
        model.leds = byte;
        model.wants_leds = false;
    } else {
        fail_msg("the keyboard got 0x%02x", byte);
    }
    to_host(0xFA);
}

static void line_catches_up(void)
{
    unsigned byte = model.under_way;
    model.under_way = NO_BYTE;
    if (byte != NO_BYTE)
        keyboard_takes((uint8_t)byte);
}

static uint8_t insn_inb(uint16_t at)
{
    model.accesses++;
    if (model.none)
        return 0xFF;
    bool full = model.head != model.tail;
    unsigned next = full ? model.queue[model.tail % QUEUE] : 0;
    if (at == 0x64)
        return (uint8_t)(full | (next & 0x100 ? 0x20 : 0) |
                         (model.controller_stuck || model.under_way != NO_BYTE ? 0x02 : 0));
    model.tail += full;
    return (uint8_t)next;
}

static void controller_takes(uint8_t command)
{
    if (command == 0x20)
        to_host(model.config);
    else if (command == 0xAA)
        to_host(0x55);
    model.command = command == 0x60 ? command : 0;
}

static void insn_outb(uint16_t at, uint8_t value)
{
    model.accesses++;
    assert_true(model.under_way == NO_BYTE && !model.controller_stuck);     /* else it would be lost */
    if (at == 0x64) {
        controller_takes(value);
    } else if (model.command) {
        model.config = value;
        model.command = 0;
    } else if (model.slow) {
        model.under_way = value;
    } else {
        keyboard_takes(value);
    }
}

static int begin(void **state)
{
    (void)state;
    memset(&model, 0, sizeof(model));
    model.under_way = NO_BYTE;
    model.config = 0x10;        /* keyboard off, no interrupt */
    model.leds = 7;             /* as some firmware leaves them */
    memset(&leds, 0, sizeof(leds));
    present = absent = false;
    return 0;
}

static void start(void)
{
    assert_true(ps2_init());
    assert_int_equal(ps2_read(), -1);
}

static void init_sets_the_controller_up(void **state)
{
    (void)state;
    start();
    assert_int_equal(model.config, 0x41);       /* interrupt and translation */
    assert_true(model.scanning);
    assert_true(model.repeats);
    assert_int_equal(model.leds, 0);
}

static void no_controller_is_found_out(void **state)
{
    (void)state;
    model.none = true;
    assert_false(ps2_init());
    ps2_set_leds(true, true);
    assert_int_equal(ps2_read(), -1);
    assert_int_equal(model.accesses, 1);
}

static void a_controller_that_firmware_denies_is_not_touched(void **state)
{
    (void)state;
    ps2_set_absent();
    assert_false(ps2_init());
    ps2_set_leds(true, true);
    assert_int_equal(ps2_read(), -1);
    assert_int_equal(model.accesses, 0);
}

static void a_stuck_controller_hangs_nothing(void **state)
{
    (void)state;
    model.controller_stuck = true;
    assert_false(ps2_init());
    assert_in_range(model.accesses, WAIT_READS, 2 * WAIT_READS);
}

static void leds_follow(void **state)
{
    (void)state;
    start();
    for (unsigned locks = 0; locks < 4; locks++) {
        ps2_set_leds(locks & 1, locks & 2);
        assert_int_equal(ps2_read(), -1);
        assert_int_equal(model.leds, (locks & 1 ? 2 : 0) | (locks & 2 ? 4 : 0));
    }
}

static void answers_are_no_scancodes(void **state)
{
    (void)state;
    static const uint8_t codes[] = { 0x3A, 0xBA, 0xE0, 0x49 };
    start();
    to_host(codes[0]);
    ps2_set_leds(false, true);
    for (unsigned i = 1; i < 4; i++)
        to_host(codes[i]);
    to_host(0x1FA);             /* the mouse says the same: not ours */
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(ps2_read(), codes[i]);
    assert_int_equal(ps2_read(), -1);
    assert_int_equal(model.leds, 4);
    assert_int_equal(model.head, model.tail);
}

static void a_refused_byte_is_sent_again(void **state)
{
    (void)state;
    for (unsigned refuse = 1; refuse <= 3; refuse++) {
        begin(NULL);
        start();
        model.refuse = refuse;
        ps2_set_leds(true, false);
        assert_int_equal(ps2_read(), -1);
        assert_int_equal(model.leds, 2);
    }
}

static void a_keyboard_that_always_refuses_is_given_up(void **state)
{
    (void)state;
    start();
    unsigned before = model.accesses;
    model.refuse = 1000;
    ps2_set_leds(true, false);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(ps2_read(), -1);
    assert_int_equal(model.refuse, 1000 - 4);
    assert_in_range(model.accesses - before, 100, 150);
    model.refuse = 0;
    ps2_set_leds(true, true);
    assert_int_equal(ps2_read(), -1);
    assert_int_equal(model.leds, 6);
}

static void a_slow_line_is_waited_for_without_waiting(void **state)
{
    (void)state;
    start();
    model.slow = true;
    ps2_set_leds(true, false);
    ps2_set_leds(true, true);           /* the first command is still on the line */
    for (unsigned i = 0; i < 6; i++) {
        unsigned before = model.accesses;
        assert_int_equal(ps2_read(), -1);
        assert_in_range(model.accesses - before, 1, 8);
        line_catches_up();
    }
    assert_int_equal(model.leds, 6);
    assert_false(model.wants_leds);
}

static void a_dead_keyboard_hangs_nothing(void **state)
{
    (void)state;
    model.keyboard_dead = true;
    assert_true(ps2_init());            /* one may be plugged in later */
    unsigned before = model.accesses;
    for (unsigned i = 0; i < 100; i++) {
        ps2_set_leds(i & 1, i & 2);
        assert_int_equal(ps2_read(), -1);
    }
    assert_in_range(model.accesses - before, 100, 500);
    model.keyboard_dead = false;
    ps2_set_leds(true, false);
    to_host(0x1E);
    assert_int_equal(ps2_read(), 0x1E);
    assert_int_equal(ps2_read(), -1);
    assert_int_equal(model.leds, 2);
}

static void a_chattering_mouse_does_not_hold_the_pass(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 200; i++)
        to_host(0x100 | i);
    to_host(0x1E);
    unsigned before = model.accesses, reads = 0;
    assert_int_equal(ps2_read(), -1);
    assert_in_range(model.accesses - before, DRAIN_BYTES, 3 * DRAIN_BYTES);
    for (int byte = -1; byte != 0x1E; byte = ps2_read())
        assert_true(reads++ < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(init_sets_the_controller_up, begin),
        cmocka_unit_test_setup(no_controller_is_found_out, begin),
        cmocka_unit_test_setup(a_controller_that_firmware_denies_is_not_touched, begin),
        cmocka_unit_test_setup(a_stuck_controller_hangs_nothing, begin),
        cmocka_unit_test_setup(leds_follow, begin),
        cmocka_unit_test_setup(answers_are_no_scancodes, begin),
        cmocka_unit_test_setup(a_refused_byte_is_sent_again, begin),
        cmocka_unit_test_setup(a_keyboard_that_always_refuses_is_given_up, begin),
        cmocka_unit_test_setup(a_slow_line_is_waited_for_without_waiting, begin),
        cmocka_unit_test_setup(a_dead_keyboard_hangs_nothing, begin),
        cmocka_unit_test_setup(a_chattering_mouse_does_not_hold_the_pass, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
