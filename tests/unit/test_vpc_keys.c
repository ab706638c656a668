/*
 * test_vpc_keys.c - what is typed on a virtual PC's serial line comes when the guest is there to take it: a driver
 * that sets the port up clears its FIFO, and Linux lost the first letters so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_mmu.h"
#include "pebpeb.h"
#include "vpc/keys.h"
#include "vpc/ports.h"

#define DATA 0x3F8
#define IER 0x3F9
#define FCR 0x3FA
#define MCR 0x3FC
#define LSR 0x3FD
#define RTS 0x02

static struct vpc vpc;
static struct ram ram;
static struct virq virq;
static struct keys keys;
static uint64_t now_ns;

static uint64_t get_now(void *owner)
{
    (void)owner;
    return now_ns;
}

static int start(void **state)
{
    const struct vpc_clock clock = { .now_ns = get_now };

    machine_start(state);
    now_ns = 1;
    assert_int_equal(ram_create(&ram, 16u << PAGE_SHIFT), STATUS_OK);
    memset(&vpc, 0, sizeof(vpc));
    vpc_init(&vpc, &ram, &clock, &vpc_bus, NULL);
    virq_init(&virq);
    keys = (struct keys){ .takes_serial_input = true };
    for (const char *next = "abc"; *next != '\0'; next++)
        virq_raise_key(&virq, HV_KEY_MAKE | HV_KEY_HASDATA | (uint32_t)*next);
    return 0;
}

static int stop(void **state)
{
    machine_unmake_ram(&ram);
    return machine_stop(state);
}

static void out(uint16_t port, uint8_t value)
{
    ports_write(&vpc, port, 1, value);
}

static void feed(void)
{
    keys_feed(&keys, &virq, &vpc);
}

static void assert_all_came(void)
{
    for (const char *next = "abc"; *next != '\0'; next++) {
        assert_int_equal(ports_read(&vpc, LSR, 1) & 1, 1);
        assert_int_equal(ports_read(&vpc, DATA, 1), *next);
        feed();
    }
}

/* As Linux does it: the FIFO is cleared, interrupts come on, the FIFO comes on, RTS is raised. */
static void test_nothing_is_lost_in_a_set_up(void **state)
{
    static const struct { uint16_t port; uint8_t value; } set_up[] = {
        { FCR, 0x01 }, { FCR, 0x07 }, { FCR, 0x00 }, { MCR, 0x08 }, { IER, 0x05 }, { FCR, 0x01 }, { FCR, 0x81 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(set_up) / sizeof(set_up[0]); i++) {
        feed();
        (void)ports_read(&vpc, LSR, 1);
        (void)ports_read(&vpc, DATA, 1);
        out(set_up[i].port, set_up[i].value);
    }
    assert_int_equal(vpc.uart.count, 0);
    assert_false(keys_wait(&keys, &virq, &vpc));
    out(MCR, 0x08 | RTS);
    assert_true(keys_wait(&keys, &virq, &vpc));
    feed();
    assert_int_equal(vpc.uart.count, 3);
    assert_all_came();
}

static void test_who_never_raises_rts(void **state)
{
    (void)state;
    out(IER, 1);
    feed();
    now_ns += 999999999;
    feed();
    assert_int_equal(vpc.uart.count, 0);
    now_ns++;
    feed();
    assert_all_came();
}

static void test_who_halts(void **state)
{
    (void)state;
    vpc.interp.cpu.is_halted = true;
    feed();
    assert_int_equal(vpc.uart.count, 0);            /* for something else */
    out(IER, 1);
    assert_true(keys_wait(&keys, &virq, &vpc));
    feed();
    assert_all_came();
}

/* Sends, and looks whether it may, for long; then waits for a byte. */
static void test_who_polls(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        (void)ports_read(&vpc, LSR, 1);
        out(DATA, 'x');
        vpc.output_count = 0;
        feed();
        assert_int_equal(vpc.uart.count, 0);
    }
    for (unsigned i = 0; i < 255; i++)
        (void)ports_read(&vpc, LSR, 1);
    feed();
    assert_all_came();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_lost_in_a_set_up, start, stop),
        cmocka_unit_test_setup_teardown(test_who_never_raises_rts, start, stop),
        cmocka_unit_test_setup_teardown(test_who_halts, start, stop),
        cmocka_unit_test_setup_teardown(test_who_polls, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
