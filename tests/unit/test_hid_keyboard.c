/*
 * test_hid_keyboard.c - a USB keyboard's reports as key words: every key against the PS/2 scancode that the contract is
 * written for, and random reports against a model that knows only which keys are down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/keymap.h"
#include "io/usb/hid_keyboard.h"
#include "pebpeb.h"
#include "random.h"

#define MS 1000000ull

/*
 * HID Usage Tables 1.12, chapter 10, beside what a PS/2 keyboard sends for it ("Keyboard Scan Code Specification"):
 * 0xE0.. has the prefix. Written by key, not by usage.
 */
static const struct { uint8_t usage; uint16_t scancode; } keys[] = {
    { 0x04, 0x1E }, { 0x05, 0x30 }, { 0x06, 0x2E }, { 0x07, 0x20 }, { 0x08, 0x12 }, { 0x09, 0x21 }, { 0x0A, 0x22 },
    { 0x0B, 0x23 }, { 0x0C, 0x17 }, { 0x0D, 0x24 }, { 0x0E, 0x25 }, { 0x0F, 0x26 }, { 0x10, 0x32 }, { 0x11, 0x31 },
    { 0x12, 0x18 }, { 0x13, 0x19 }, { 0x14, 0x10 }, { 0x15, 0x13 }, { 0x16, 0x1F }, { 0x17, 0x14 }, { 0x18, 0x16 },
    { 0x19, 0x2F }, { 0x1A, 0x11 }, { 0x1B, 0x2D }, { 0x1C, 0x15 }, { 0x1D, 0x2C },
    { 0x1E, 0x02 }, { 0x1F, 0x03 }, { 0x20, 0x04 }, { 0x21, 0x05 }, { 0x22, 0x06 }, { 0x23, 0x07 }, { 0x24, 0x08 },
    { 0x25, 0x09 }, { 0x26, 0x0A }, { 0x27, 0x0B },
    { 0x28, 0x1C }, { 0x29, 0x01 }, { 0x2A, 0x0E }, { 0x2B, 0x0F }, { 0x2C, 0x39 }, { 0x2D, 0x0C }, { 0x2E, 0x0D },
    { 0x2F, 0x1A }, { 0x30, 0x1B }, { 0x31, 0x2B }, { 0x32, 0x2B }, { 0x33, 0x27 }, { 0x34, 0x28 }, { 0x35, 0x29 },
    { 0x36, 0x33 }, { 0x37, 0x34 }, { 0x38, 0x35 }, { 0x39, 0x3A },
    { 0x3A, 0x3B }, { 0x3B, 0x3C }, { 0x3C, 0x3D }, { 0x3D, 0x3E }, { 0x3E, 0x3F }, { 0x3F, 0x40 }, { 0x40, 0x41 },
    { 0x41, 0x42 }, { 0x42, 0x43 }, { 0x43, 0x44 }, { 0x44, 0x57 }, { 0x45, 0x58 },
    { 0x46, 0xE037 }, { 0x47, 0x46 }, { 0x48, 0xE046 }, { 0x49, 0xE052 }, { 0x4A, 0xE047 }, { 0x4B, 0xE049 },
    { 0x4C, 0xE053 }, { 0x4D, 0xE04F }, { 0x4E, 0xE051 }, { 0x4F, 0xE04D }, { 0x50, 0xE04B }, { 0x51, 0xE050 },
    { 0x52, 0xE048 }, { 0x53, 0x45 }, { 0x54, 0xE035 }, { 0x55, 0x37 }, { 0x56, 0x4A }, { 0x57, 0x4E },
    { 0x58, 0xE01C }, { 0x59, 0x4F }, { 0x5A, 0x50 }, { 0x5B, 0x51 }, { 0x5C, 0x4B }, { 0x5D, 0x4C }, { 0x5E, 0x4D },
    { 0x5F, 0x47 }, { 0x60, 0x48 }, { 0x61, 0x49 }, { 0x62, 0x52 }, { 0x63, 0x53 }, { 0x64, 0x56 }, { 0x65, 0xE05D },
    { 0x66, 0xE05E },
    { 0xE0, 0x1D }, { 0xE1, 0x2A }, { 0xE2, 0x38 }, { 0xE3, 0xE05B }, { 0xE4, 0xE01D }, { 0xE5, 0x36 },
    { 0xE6, 0xE038 }, { 0xE7, 0xE05C },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static struct hid_keyboard keyboard;
static struct hid_events events;

static int begin(void **state)
{
    (void)state;
    memset(&keyboard, 0, sizeof(keyboard));
    memset(&events, 0, sizeof(events));
    return 0;
}

static void report(uint8_t modifiers, const char *usages, uint64_t now_ns)
{
    uint8_t bytes[HID_REPORT_BYTES] = { modifiers };
    for (unsigned i = 0; usages[i] != 0; i++)
        bytes[2 + i] = (uint8_t)usages[i];
    hid_keyboard_report(&keyboard, bytes, now_ns, &events);
}

static void expect(int event)
{
    assert_int_equal(hid_events_take(&events), event);
}

/* As input.c has it. False: no key word came of it. */
static bool word_of(struct keymap *keymap, unsigned event, uint32_t *word)
{
    if (event & HID_EXTENDED)
        assert_false(keymap_scancode(keymap, 0xE0, word));
    return keymap_scancode(keymap, (uint8_t)event, word);
}

/* Press and release, alone and with the left Shift down: the words are those of the PS/2 key. */
static void every_key_is_that_of_ps2(void **state)
{
    (void)state;
    for (unsigned i = 0; i < KEYS * 2; i++) {
        struct keymap usb, ps2;
        uint8_t usage = keys[i / 2].usage, modifiers = i % 2 ? 0x02 : 0;
        uint16_t scancode = keys[i / 2].scancode;
        uint32_t got = 0, wanted = 0;
        char usages[2] = { usage < 0xE0 ? (char)usage : 0 };
        if (i % 2 && usage == 0xE1)
            continue;
        begin(NULL);
        keymap_init(&usb);
        keymap_init(&ps2);
        report(modifiers, "", 0);
        if (modifiers) {
            assert_true(word_of(&usb, (unsigned)hid_events_take(&events), &got));
            assert_true(keymap_scancode(&ps2, 0x2A, &wanted));
        }
        for (unsigned up = 0; up < 2; up++) {
            report(usage < 0xE0 || up ? modifiers : modifiers | (uint8_t)(1 << (usage - 0xE0)), up ? "" : usages, 0);
            int event = hid_events_take(&events);
            assert_true(event >= 0);
            assert_true(word_of(&usb, (unsigned)event, &got));
            assert_true(word_of(&ps2, (scancode >> 8 ? HID_EXTENDED : 0) | (scancode & 0x7F) | (up ? 0x80 : 0),
                                &wanted));
            assert_int_equal(got, wanted);
            expect(-1);
        }
    }
}

static void other_usages_are_no_keys(void **state)
{
    (void)state;
    for (unsigned usage = 0; usage < 256; usage++) {
        char usages[2] = { (char)usage };
        bool known = false;
        for (unsigned i = 0; i < KEYS; i++)
            known |= keys[i].usage == usage && usage < 0xE0;
        report(0, usages, 0);
        assert_int_equal(hid_events_take(&events) >= 0, known);
        report(0, "", 0);
        while (hid_events_take(&events) >= 0)
            continue;
    }
}

static void roll_over_keeps_the_keys_but_not_the_modifiers(void **state)
{
    (void)state;
    report(0x02, "\x04\x05", 0);
    expect(0x2A);
    expect(0x1E);
    expect(0x30);
    report(0x00, "\x01\x01\x01\x01\x01\x01", 0);
    expect(0xAA);
    expect(-1);
    report(0x00, "\x05\x06", 0);
    expect(0x9E);
    expect(0x2E);
    expect(-1);
}

static void repeats_by_the_clock(void **state)
{
    (void)state;
    report(0, "\x04", 1000 * MS);
    expect(0x1E);
    hid_keyboard_repeat(&keyboard, 1499 * MS, &events);
    expect(-1);
    hid_keyboard_repeat(&keyboard, 1500 * MS, &events);
    expect(0x1E);
    hid_keyboard_repeat(&keyboard, 1591 * MS, &events);
    expect(-1);
    hid_keyboard_repeat(&keyboard, 1592 * MS, &events);
    expect(0x1E);
    report(0, "\x04\x05", 1600 * MS);           /* the newer key takes over, and nobody when it comes up */
    expect(0x30);
    hid_keyboard_repeat(&keyboard, 2100 * MS, &events);
    expect(0x30);
    report(0, "\x04", 2110 * MS);
    expect(0xB0);
    hid_keyboard_repeat(&keyboard, 9000 * MS, &events);
    expect(-1);
    report(0, "\x04\x48", 9000 * MS);           /* Pause does not repeat */
    expect(0x46 | HID_EXTENDED);
    hid_keyboard_repeat(&keyboard, 9900 * MS, &events);
    expect(-1);
}

static void all_comes_up_when_it_goes(void **state)
{
    (void)state;
    report(0x11, "\x04\x4F", 0);
    while (hid_events_take(&events) >= 0)
        continue;
    hid_keyboard_release(&keyboard, &events);
    expect(0x9D);
    expect(0x9D | HID_EXTENDED);
    expect(0x9E);
    expect(0xCD | HID_EXTENDED);
    expect(-1);
    hid_keyboard_repeat(&keyboard, UINT64_MAX, &events);
    expect(-1);
}

/* Any bytes at all: makes and breaks of a scancode take turns, and at the end everything is up. */
static void random_reports_leave_nothing_down(void **state)
{
    bool down[512] = { false };
    int event;
    (void)state;
    for (unsigned step = 0; step < 200000; step++) {
        uint8_t bytes[HID_REPORT_BYTES];
        for (unsigned i = 0; i < HID_REPORT_BYTES; i++)
            bytes[i] = (uint8_t)random_below(i == 0 || random_below(2) ? 256 : 12);
        hid_keyboard_report(&keyboard, bytes, 0, &events);
        assert_true(events.count <= HID_REPORT_EVENTS);
        while ((event = hid_events_take(&events)) >= 0) {
            assert_int_equal(down[event & ~HID_BREAK], !!(event & HID_BREAK));
            down[event & ~HID_BREAK] = !(event & HID_BREAK);
        }
    }
    hid_keyboard_release(&keyboard, &events);
    while ((event = hid_events_take(&events)) >= 0)
        down[event & ~HID_BREAK] = false;
    for (unsigned i = 0; i < 512; i++)
        assert_false(down[i]);
}

static void a_full_queue_loses_what_is_new(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HID_EVENTS_MAX; i++)
        report(0, i % 2 ? "" : "\x04", 0);
    assert_int_equal(hid_events_room(&events), 0);
    report(0, "\x05", 0);
    for (unsigned i = 0; i < HID_EVENTS_MAX; i++)
        expect(i % 2 ? 0x9E : 0x1E);
    expect(-1);
}

/* Keyboards that go when there is no room: their keys come up behind what is in line, each once. */
static void a_full_queue_loses_no_break(void **state)
{
    (void)state;
    report(0x10, "\x06\x4F", 0);         /* right Ctrl, c, right arrow; a again and again */
    for (unsigned i = 3; i < HID_EVENTS_MAX; i++)
        report(0x10, i % 2 ? "\x06\x4F\x04" : "\x06\x4F", 0);
    hid_keyboard_release(&keyboard, &events);
    hid_keyboard_release(&keyboard, &events);
    for (unsigned i = 0; i < HID_EVENTS_MAX; i++)
        assert_true(hid_events_take(&events) > 0);
    expect(0x9E);
    report(0, "\x4F", 0);                 /* down again: it must stay so, its late break is out of date */
    expect(0x4D | HID_EXTENDED);
    expect(0xAE);
    expect(0x9D | HID_EXTENDED);
    expect(-1);
    assert_int_equal(events.late_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_key_is_that_of_ps2, begin),
        cmocka_unit_test_setup(other_usages_are_no_keys, begin),
        cmocka_unit_test_setup(roll_over_keeps_the_keys_but_not_the_modifiers, begin),
        cmocka_unit_test_setup(repeats_by_the_clock, begin),
        cmocka_unit_test_setup(all_comes_up_when_it_goes, begin),
        cmocka_unit_test_setup(random_reports_leave_nothing_down, begin),
        cmocka_unit_test_setup(a_full_queue_loses_what_is_new, begin),
        cmocka_unit_test_setup(a_full_queue_loses_no_break, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
