/*
 * test_usb.c - from the PCI function to key events: the whole of io/usb against a controller and devices on paper that
 * do what they should (test_usb_failures.c has the others).
 *
 * Time is what the test says it is. After each test the machine's frames are counted: what a device took is given back
 * when it goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "fake_usb.h"
#include "io/usb/usb.h"

static void no_controller_costs_nothing(void **state)
{
    (void)state;
    controllers = 0;
    uint64_t free = frames_count_free();
    start_with(true);
    assert_int_equal(usb_next_ns(), UINT64_MAX);
    usb_set_leds(true, true);
    assert_int_equal(usb_next_ns(), UINT64_MAX);
    assert_int_equal(frames_count_free(), free);
    read_log();
    assert_string_equal(log_text, "");
    start_with(false);
    read_log();
    expect_said("no keyboard: no PS/2 controller, no USB controller");
}

static void others_are_named(void **state)
{
    static const struct { uint8_t interface; const char *text; } kinds[] = {
        { 0x00, "USB: UHCI 03:04.1 is not supported" }, { 0x10, "USB: OHCI 03:04.1" }, { 0x20, "USB: EHCI 03:04.1" },
        { 0xFE, "USB: controller 03:04.1" },
    };
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        interface = kinds[i].interface;
        start_with(false);
        read_log();
        expect_said(kinds[i].text);
        expect_said("no keyboard: no PS/2 controller, and no USB controller that is supported");
        assert_int_equal(usb_next_ns(), UINT64_MAX);
    }
}

static void a_keyboard_types(void **state)
{
    (void)state;
    for (unsigned variant = 0; variant < 12; variant++) {
        struct fake_device keyboard = MAKE((uint8_t)(1 + variant % 3), keyboard);
        begin(state);
        fake.context_64 = variant % 2;
        fake.scratchpads = variant < 6 ? 0 : 33;
        if (variant % 3 == 0)
            keyboard.max_packet = 32;
        bring_up();
        fake_plug(2, &keyboard);
        run_ms(1000);
        expect_said("USB: keyboard 1234:5678 at 03:04.1 port 2");
        assert_true(keyboard.is_configured && keyboard.idle_calls == 1 && keyboard.protocol == 0);
        expect_typing(&keyboard, 3);
        usb_set_leds(true, true);
        run_ms(20);
        assert_int_equal(keyboard.leds, 3);
        expect_no_leak();
        expect_said("USB: keyboard 1234:5678 is gone");
        machine_stop(state);
    }
    begin(state);
}

/* What was plugged in at power-on is found; a key that is held comes up when it is pulled out. */
static void it_goes_with_a_key_down(void **state)
{
    struct fake_device keyboard = MAKE(2, keyboard);
    (void)state;
    fake_plug(1, &keyboard);
    start_with(false);
    run_ms(1000);
    assert_true(fake_report(&keyboard, 3, a_down, 8, 0));
    run_ms(20);
    expect(0x1E);
    run_ms(500);
    expect(0x1E);                   /* it repeats */
    fake_plug(1, NULL);
    run_ms(20);
    expect(0x9E);
    expect(-1);
    expect_said("USB: keyboard 1234:5678 is gone");
}

static void none_is_complained_of_once(void **state)
{
    struct fake_device mouse = MAKE(2, mouse);
    (void)state;
    fake_plug(1, &mouse);
    start_with(false);
    run_ms(20000);
    expect_said("USB: 1234:5678 at 03:04.1 port 1 is no keyboard");
    expect_said("no keyboard: no PS/2 controller, and on xHCI only 1 other devices");
    log_text[0] = '\0';
    run_ms(20000);
    assert_string_equal(log_text, "");
}

static void serial_adapters_are_told_of(void **state)
{
    struct fake_device adapter = MAKE(2, adapter);
    (void)state;
    fake_plug(1, &adapter);
    start_with(true);
    run_ms(1000);
    expect_said("USB: 1234:5678 at 03:04.1 port 1 is a serial line, which is not supported");
}

/* Nothing there: twice a second is enough. */
static void an_idle_controller_is_left_alone(void **state)
{
    (void)state;
    bring_up();
    unsigned polls = 0;
    for (uint64_t end_ns = now_ns + 10000 * MS; now_ns < end_ns; polls++) {
        usb_poll(now_ns);
        now_ns = usb_next_ns();
    }
    assert_in_range(polls, 10, 25);
}

static void composite_keyboards_type_on_both(void **state)
{
    struct fake_device keyboard = MAKE(1, composite);
    (void)state;
    bring_up();
    fake_plug(1, &keyboard);
    run_ms(1000);
    assert_int_equal(keyboard.idle_calls, 2);
    expect_typing(&keyboard, 3);
    expect_typing(&keyboard, 7);
    expect_no_leak();
}

/* Low speed behind a high-speed hub behind a high-speed hub; the hub goes, and all with it. */
static void hubs_lead_on(void **state)
{
    struct fake_device first = MAKE(3, hub), second = MAKE(3, hub), third = MAKE(1, hub);
    struct fake_device keyboard = MAKE(2, keyboard), other = MAKE(2, keyboard);
    (void)state;
    bring_up();
    fake_plug(3, &first);
    run_ms(1000);
    fake_hub_plug(&first, 4, &second);
    run_ms(1000);
    fake_hub_plug(&second, 2, &keyboard);
    fake_hub_plug(&second, 3, &third);
    run_ms(2000);
    fake_hub_plug(&third, 1, &other);
    run_ms(2000);
    expect_typing(&keyboard, 3);
    expect_typing(&other, 3);
    assert_int_equal(fake.slots[1].slot[0] >> 26 & 1, 1);
    assert_int_equal(fake.slots[1].slot[1] >> 24, FAKE_HUB_PORTS);
    for (unsigned slot = 1; slot < 33; slot++) {
        if (fake.slots[slot].device != &keyboard && fake.slots[slot].device != &other)
            continue;
        bool behind_third = fake.slots[slot].device == &other;
        assert_int_equal(fake.slots[slot].slot[0] & 0xFFFFF, behind_third ? 0x134 : 0x24);
        assert_int_equal(fake.slots[slot].slot[2] & 0xFFFF, behind_third ? 0x302 : 0x202);    /* of the second hub */
    }
    fake_report(&keyboard, 3, a_down, 8, 0);
    run_ms(20);
    expect(0x1E);
    fake_hub_plug(&second, 2, NULL);
    run_ms(1000);
    expect(0x9E);
    expect_typing(&other, 3);
    expect_no_leak();
}

static void firmware_lets_go_or_not(void **state)
{
    struct fake_device keyboard = MAKE(2, keyboard);
    (void)state;
    fake.firmware_owns = true;
    fake.firmware_lets_go = 20;
    fake.legacy_control = 0xFFFFFFFF;
    fake_plug(1, &keyboard);
    start_with(true);
    run_ms(1000);
    expect_typing(&keyboard, 3);
    assert_int_equal(fake.legacy_control & 0x0000E011, 0);
    machine_stop(state);
    begin(state);
    keyboard = MAKE(2, keyboard);
    fake.firmware_owns = true;
    fake_plug(1, &keyboard);
    start_with(true);
    run_ms(990);
    assert_false(mastering || fake.command & 1);
    assert_true(fake.firmware_owns);
    run_ms(1000);
    assert_false(fake.firmware_owns);
    expect_typing(&keyboard, 3);
}

static void refused_class_requests_do_not_matter(void **state)
{
    struct fake_device keyboard = MAKE(2, composite);
    (void)state;
    keyboard.class_answer = FAKE_STALL;
    bring_up();
    fake_plug(1, &keyboard);
    run_ms(1000);
    expect_typing(&keyboard, 3);
    machine_stop(state);
    begin(state);
    keyboard = MAKE(2, composite);
    keyboard.class_answer = FAKE_SILENT;        /* five of them, a second each */
    bring_up();
    fake_plug(1, &keyboard);
    run_ms(8000);
    expect_typing(&keyboard, 7);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, machine_stop)
    const struct CMUnitTest tests[] = {
        TEST(no_controller_costs_nothing), TEST(others_are_named), TEST(it_goes_with_a_key_down),
        TEST(none_is_complained_of_once), TEST(serial_adapters_are_told_of),
        TEST(an_idle_controller_is_left_alone),
        TEST(composite_keyboards_type_on_both), TEST(hubs_lead_on), TEST(firmware_lets_go_or_not),
        TEST(refused_class_requests_do_not_matter),
        cmocka_unit_test_setup_teardown(a_keyboard_types, NULL, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
