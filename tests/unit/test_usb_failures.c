/*
 * test_usb_failures.c - devices of USB that fail, vanish, lie and flood, ports that never rest, a controller that dies
 * and memory that is out: nothing is lost, nobody else is kept waiting, and in the end a keyboard types.
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
#include "random.h"

/* It stops answering, one way or the other, at each of its transfers; another in its place is a keyboard. */
static void devices_that_fail_are_left_alone(void **state)
{
    (void)state;
    bring_up();
    for (unsigned from = 0; from < 8; from++)
        for (enum fake_answer answer = FAKE_STALL; answer <= FAKE_SHORT; answer++) {
            struct fake_device bad = MAKE(1, keyboard), good = MAKE(1, keyboard);
            bad.answer = answer;
            bad.answer_from = from;
            fake_plug(1, &bad);
            run_ms(20000);
            fake_plug(1, NULL);
            run_ms(1000);
            fake_plug(1, &good);
            run_ms(2000);
            expect_typing(&good, 3);
            expect_no_leak();
        }
    expect_said("is left alone");
}

/* It vanishes at each moment of its coming. */
static void devices_that_vanish_leave_nothing(void **state)
{
    (void)state;
    bring_up();
    for (unsigned ms = 0; ms < 500; ms += 3) {
        struct fake_device hub = MAKE(3, hub), keyboard = MAKE(2, keyboard);
        hub.children[1] = &keyboard;
        hub.child_status[1] = 0x301;
        fake_plug(1, &hub);
        run_ms(ms);
        fake_plug(1, NULL);
        hub.answer = FAKE_STALL;
        run_ms(3000);
        assert_int_equal(frames_count_free(), frames_before);
    }
}

static void broken_pipes_are_mended(void **state)
{
    struct fake_device keyboard = MAKE(1, keyboard);
    uint8_t long_report[64] = { 0 };
    (void)state;
    bring_up();
    fake_plug(1, &keyboard);
    run_ms(1000);
    for (unsigned i = 0; i < 7; i++) {
        assert_true(fake_report(&keyboard, 3, long_report, 64, 0));     /* babble */
        run_ms(20);
    }
    expect_typing(&keyboard, 3);
    assert_true(fake_report(&keyboard, 3, a_down, 3, 0));               /* short: no report */
    run_ms(20);
    expect(-1);
    fake_report(&keyboard, 3, a_down, 8, 0);
    run_ms(20);
    expect(0x1E);
    for (unsigned i = 0; i < 8; i++) {
        fake_report(&keyboard, 3, nothing, 0, i % 2 ? 6 : 4);           /* stall, transaction error */
        run_ms(20);
    }
    expect(0x9E);
    expect(-1);
    expect_said("fails again and again");
    unsigned doorbells = fake.doorbells;
    run_ms(5000);
    assert_int_equal(fake.doorbells, doorbells);
    expect_no_leak();
}

/* More than is looked at in a while: the rest is there the next time. */
static void a_flood_is_bounded(void **state)
{
    struct fake_device keyboard = MAKE(1, keyboard);
    unsigned makes = 0, sent = 0;
    int event;
    (void)state;
    bring_up();
    fake_plug(1, &keyboard);
    run_ms(1000);
    for (unsigned i = 0; i < 1000; i++) {
        while (fake_report(&keyboard, 3, sent % 2 ? nothing : a_down, 8, 0))
            sent++;
        usb_poll(now_ns);
        now_ns = usb_next_ns();
        while ((event = usb_read()) >= 0)
            makes += event == 0x1E;
    }
    assert_true(sent >= 3990);
    assert_in_range(makes, sent / 2 - 8, sent / 2 + 8);
}

static void plug_at(struct fake_device *hub, unsigned port, struct fake_device *device)
{
    if (hub)
        fake_hub_plug(hub, port, device);
    else
        fake_plug(port, device);
}

/* Out and in again, each 30 ms, as with a bad cable: at a port of the controller, or of a hub. For so long. */
static void flap(struct fake_device *hub, struct fake_device *device, unsigned ms)
{
    for (unsigned at = 0; at < ms; at += 30) {
        plug_at(hub, 1, NULL);
        plug_at(hub, 1, device);
        run_ms(30);
    }
}

/* A port that always has something new keeps no other waiting: the same kind's, or the other's. */
static void a_restless_port_keeps_nobody_waiting(void **state)
{
    struct fake_device restless = MAKE(1, mouse), hub = MAKE(3, hub), at_root = MAKE(1, keyboard);
    struct fake_device at_hub = MAKE(1, keyboard);
    (void)state;
    bring_up();
    fake_plug(3, &hub);
    run_ms(1000);
    for (unsigned i = 0; i < 2; i++) {
        struct fake_device *restless_hub = i == 0 ? NULL : &hub;
        flap(restless_hub, &restless, 300);
        fake_plug(4, &at_root);
        fake_hub_plug(&hub, 2, &at_hub);
        flap(restless_hub, &restless, 6000);
        assert_true(at_root.is_configured && at_hub.is_configured);
        fake_plug(4, NULL);
        fake_hub_plug(&hub, 2, NULL);
        fake_plug(1, NULL);
        fake_hub_plug(&hub, 1, NULL);
        run_ms(1000);
        at_root.is_configured = at_hub.is_configured = false;
    }
    expect_no_leak();
}

static void a_dead_controller_is_given_up(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 3; how++) {
        struct fake_device keyboard = MAKE(1, keyboard), other = MAKE(1, keyboard);
        machine_stop(state);
        begin(state);
        bring_up();
        fake_plug(1, &keyboard);
        run_ms(1000);
        fake_report(&keyboard, 3, a_down, 8, 0);
        run_ms(20);
        expect(0x1E);
        fake.is_gone = how == 0;
        fake.status = how == 1 ? 4 : fake.status;
        fake.is_deaf = how == 2;
        fake_plug(2, &other);
        run_ms(3000);
        expect_said("USB: xHCI 03:04.1 is given up:");
        int event;
        while ((event = usb_read()) == 0x1E)
            continue;               /* it repeated until then */
        assert_int_equal(event, 0x9E);
        expect(-1);
        assert_false(mastering);
        assert_int_equal(usb_next_ns(), UINT64_MAX);
    }
}

static void no_memory_is_said(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 46; first++) {
        struct fake_device keyboard = MAKE(1, keyboard);
        machine_stop(state);
        begin(state);
        fake.scratchpads = 40;
        fake.firmware_owns = true;
        uint64_t free = frames_count_free();
        machine_fail(first, 1);
        start_with(true);
        read_log();
        machine_fail(MACHINE_NEVER, 0);
        if (first < 45) {
            expect_said(first ? "cannot be used: no memory" : "cannot be used: no room");
            assert_true(fake.firmware_owns);
            assert_int_equal(frames_count_free(), free);
            continue;
        }
        fake.firmware_lets_go = 1;
        run_ms(100);
        machine_fail(machine_allocations, 1);
        fake_plug(1, &keyboard);
        run_ms(2000);
        assert_int_equal(frames_count_free(), free - 45);
    }
}

/* Random devices that come, go, lie and fall silent, for hours; in the end a keyboard types and nothing is lost. */
static void chance_breaks_nothing(void **state)
{
    static struct fake_device devices[FAKE_PORTS + 1], children[FAKE_PORTS + 1][FAKE_HUB_PORTS + 1];
    struct fake_device good = MAKE(2, keyboard);
    uint8_t bytes[64];
    (void)state;
    bring_up();
    for (unsigned step = 0; step < 3000; step++) {
        unsigned port = 1 + random_below(FAKE_PORTS), child = 1 + random_below(FAKE_HUB_PORTS);
        struct fake_device *device = random_below(2) ? &devices[port] : &children[port][child];
        uint8_t speed = (uint8_t)(1 + random_below(3));
        struct fake_device fresh = random_below(3) == 0 ? MAKE(speed, hub) : random_below(2) ? MAKE(speed, keyboard) :
                                   MAKE(speed, composite);
        if (random_below(3) == 0) {
            fresh.answer = (enum fake_answer)random_below(5);
            fresh.answer_from = random_below(12);
        }
        fresh.class_answer = random_below(4) ? FAKE_WELL : FAKE_STALL;
        if (device == &devices[port]) {
            fake_plug(port, NULL);
            run_ms(random_below(30));
            *device = fresh;
            fake_plug(port, random_below(4) ? device : NULL);
        } else if (devices[port].is_hub && fake.devices[port]) {
            *device = fresh;
            fake_hub_plug(&devices[port], child, random_below(4) ? device : NULL);
        }
        for (unsigned i = 0; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t)random_below(12);
        fake_report(device, 3, bytes, random_below(65), random_below(8) ? 0 : (uint8_t)(2 + random_below(10)));
        run_ms(random_below(1500));
        while (usb_read() >= 0)
            continue;
    }
    expect_no_leak();
    while (usb_read() >= 0)
        continue;
    fake_plug(1, &good);
    run_ms(1000);
    expect_typing(&good, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, machine_stop)
    const struct CMUnitTest tests[] = {
        TEST(devices_that_fail_are_left_alone), TEST(devices_that_vanish_leave_nothing),
        TEST(broken_pipes_are_mended), TEST(a_flood_is_bounded), TEST(a_restless_port_keeps_nobody_waiting),
        TEST(a_dead_controller_is_given_up), TEST(no_memory_is_said), TEST(chance_breaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
