/*
 * test_serial.c - the UART driver against a 16550 on paper: found or absent, batches, and no byte lost to a stuck line.
 *
 * The driver is compiled in here with port I/O that goes to the model, fake_uart.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_uart.h"
#include "io/serial.c"

static int begin(void **state)
{
    (void)state;
    memset(&uart, 0, sizeof(uart));
    port = told_port = 0;
    ring_head = ring_tail = 0;
    interrupts = receive_waits = receive_held = false;
    next_faults = 0;
    interrupt_enable = 0;
    return 0;
}

static void begin_with(uint16_t base)
{
    begin(NULL);
    uart.base = base;
    assert_true(serial_init());
    assert_int_equal(port, base);
    uart.accesses = 0;
}

static void every_com_port_is_found(void **state)
{
    (void)state;
    static const struct { uint16_t base; uint8_t isa_irq; } ports[] = {
        { 0x3F8, 4 }, { 0x2F8, 3 }, { 0x3E8, 4 }, { 0x2E8, 3 },
    };
    for (unsigned i = 0; i < 4; i++) {
        begin_with(ports[i].base);
        assert_int_equal(serial_isa_irq(), ports[i].isa_irq);
        assert_int_equal(uart.line_control, 0x03);
        assert_int_equal(uart.modem_control, 0x0B);
    }
}

/* Nothing answers, or something that is no UART: false, soon, and all else does nothing. */
static void none_is_none(void **state)
{
    (void)state;
    for (unsigned echoes = 0; echoes < 2; echoes++) {
        begin(NULL);
        uart.base = echoes ? 0x3F8 : 0;
        uart.echoes = echoes;
        assert_false(serial_init());
        assert_false(serial_init_at(0));
        assert_false(serial_present());
        assert_true(uart.accesses < 100000);    /* 0.1 s */
        assert_int_equal(serial_tx("text", 4), 4);
        assert_false(serial_pump());
        assert_int_equal(serial_rx(), -1);
        assert_false(serial_enable_interrupts(true));
        assert_int_equal(uart.output_bytes, 0);
    }
}

/* What the operator tells of a port holds for that port only, and "none" leaves what is known. */
static void an_interrupt_from_the_operator(void **state)
{
    (void)state;
    begin_with(0x3F8);
    serial_set_isa_irq(0x2E0, 5);
    assert_int_equal(serial_isa_irq(), 4);
    serial_set_isa_irq(0x3F8, SERIAL_NO_ISA_IRQ);
    assert_int_equal(serial_isa_irq(), 4);
    serial_set_isa_irq(0x3F8, 11);
    assert_int_equal(serial_isa_irq(), 11);
    begin_with(0x3F8);
    uart.base = 0x2E0;
    serial_set_isa_irq(0x2E0, 5);
    assert_true(serial_init_at(0x2E0));
    assert_int_equal(serial_port(), 0x2E0);
    assert_int_equal(serial_isa_irq(), 5);
}

/* It comes before COM1 to COM4, if there is a UART: what was queued by then goes there. */
static void a_port_from_the_firmware(void **state)
{
    (void)state;
    uart.base = 0xD000;
    assert_false(serial_init());
    assert_true(serial_init_at(0xD000));
    assert_int_equal(serial_isa_irq(), SERIAL_NO_ISA_IRQ);

    begin_with(0x3F8);
    serial_tx("hello", 5);
    assert_true(serial_init_at(0xD000));        /* nothing answers there */
    assert_int_equal(port, 0x3F8);
    uart.base = 0x2E8;
    assert_true(serial_init_at(0x2E8));
    assert_int_equal(serial_isa_irq(), 3);
    serial_pump();
    assert_memory_equal(uart.output, "hello", 5);
    uart.accesses = 0;
    assert_true(serial_init_at(0x2E8));         /* the same one is not tested again, nor a port beyond all */
    uart.base = 0xFFF9;
    assert_true(serial_init_at(0xFFF9));
    assert_int_equal(uart.accesses, 0);
    assert_int_equal(port, 0x2E8);
}

/* The firmware's last word leaves before settings change, a probe before loop-back ends, ours before the power. */
static void the_shift_register_empties_first(void **state)
{
    (void)state;
    uart.base = 0x3F8;
    uart.slowness = 100;
    uart.shifting = 1500;
    assert_true(serial_init());
    assert_false(uart.cut);
    serial_tx("bye", 3);
    serial_drain(1);
    assert_int_equal(uart.output_bytes, 3);
    assert_int_equal(uart.shifting, 0);
    uart.slowness = 1000000;                    /* however long that takes */
    uart.accesses = 0;
    serial_tx("!", 1);
    serial_drain(2);
    assert_in_range(uart.accesses, 2000, 2100);
    uart.accesses = 0;
    assert_true(serial_answers(0x3F8));
    assert_true(uart.accesses < 100000);
}

/* An emulated UART is never full: one look at the status for 16 bytes. A real one gets a FIFO at a time. */
static void output_in_batches(void **state)
{
    (void)state;
    static char text[RING_BYTES + 10];
    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = (char)(i % 251);
    begin_with(0x3F8);
    assert_int_equal(serial_tx_space(), RING_BYTES);
    assert_int_equal(serial_tx(text, sizeof(text)), RING_BYTES);
    assert_int_equal(serial_tx_space(), 0);
    assert_false(serial_pump());
    assert_int_equal(uart.output_bytes, RING_BYTES);
    assert_memory_equal(uart.output, text, RING_BYTES);
    assert_true(uart.accesses <= RING_BYTES + RING_BYTES / 16 + 1);
    uart.busy = true;
    assert_int_equal(serial_tx(text, 40), 40);
    for (unsigned sent = 16; sent <= 32; sent += 16) {
        assert_true(serial_pump());
        assert_int_equal(uart.output_bytes, RING_BYTES + sent);
        transmitter_catches_up();
    }
    assert_false(serial_pump());
    assert_int_equal(uart.output_bytes, RING_BYTES + 40);
}

/* Wherever the ring begins and ends, every byte goes out, in order. */
static void output_goes_round_the_ring(void **state)
{
    (void)state;
    static char text[RING_BYTES];
    begin_with(0x3F8);
    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = (char)(i % 253);
    for (unsigned length = 1; length < RING_BYTES; length = length * 3 + 7) {
        uart.output_bytes = 0;
        assert_int_equal(serial_tx(text, length), length);
        assert_int_equal(serial_tx(text, RING_BYTES), RING_BYTES - length);
        assert_int_equal(serial_tx(text, 1), 0);
        assert_false(serial_pump());
        assert_int_equal(uart.output_bytes, RING_BYTES);
        assert_memory_equal(uart.output, text, length);
        assert_memory_equal(uart.output + length, text, RING_BYTES - length);
        serial_tx(text, length);
        serial_pump();
    }
}

/* A terminal that takes nothing any more costs the time allowed, no more. */
static void waits_are_bounded(void **state)
{
    (void)state;
    begin_with(0x3F8);
    uart.busy = true;
    serial_tx("0123456789abcdefX", 17);
    serial_drain(3);
    assert_true(uart.accesses < 10000);
    assert_int_equal(uart.output_bytes, 16);
    uart.accesses = 0;
    serial_panic_write("a long last word", 16);
    assert_true(uart.accesses < 50000);
    assert_int_equal(uart.output_bytes, 16);
    uart.busy = false;
    transmitter_catches_up();
    serial_panic_write("ab", 2);
    assert_memory_equal(uart.output + 16, "ab", 2);
}

/* What was a bug: a byte that comes while the transmitter's cause holds the line up makes no edge of its own. */
static void a_line_that_stays_up_loses_nothing(void **state)
{
    (void)state;
    begin_with(0x3F8);
    assert_true(serial_enable_interrupts(true));
    uart.busy = true;
    serial_tx("0123456789abcdefghi", 19);
    serial_pump();
    transmitter_catches_up();
    assert_true(uart.line);
    assert_int_equal(serial_rx(), -1);
    receive("k");                               /* between serial_rx and serial_pump */
    unsigned edges = uart.edges;
    serial_pump();
    assert_true(uart.edges > edges);
    assert_int_equal(serial_rx(), 'k');
    assert_int_equal(serial_rx(), -1);

    receive("more");                            /* and bytes that nobody fetched in this pass */
    edges = uart.edges;
    assert_int_equal(serial_rx(), 'm');
    serial_pump();
    assert_true(uart.edges > edges);
}

/* What was a bug: a BREAK, and a byte that noise or another speed made, were typed. */
static void broken_bytes_are_no_keys(void **state)
{
    (void)state;
    static const uint8_t faults[] = { 0x04, 0x08, 0x0C, 0x18, 0x10 };
    begin_with(0x3F8);
    for (unsigned i = 0; i < sizeof(faults); i++) {
        receive("a");
        receive_broken(faults[i] & 0x10 ? 0 : 'X', faults[i]);
        receive("b");
        assert_int_equal(serial_rx(), 'a');
        serial_tx("x", 1);
        serial_pump();                          /* sending looks at the line status, too, and clears it */
        assert_int_equal(serial_rx(), 'b');
        assert_int_equal(serial_rx(), -1);
    }
    receive_broken('\0', 0);
    assert_int_equal(serial_rx(), 0);           /* a NUL that was sent is one */
    uart.tells_breaks_at_once = true;
    receive("ab");
    receive_broken('\0', 0x10);
    receive_broken('\0', 0);                    /* a second one, which it does not tell of any more */
    receive("c");
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(serial_rx(), "abc"[i]);
    assert_int_equal(serial_rx(), -1);
}

/* However much noise there is, a pass ends, and what is left interrupts again. */
static void noise_holds_nothing_up(void **state)
{
    (void)state;
    begin_with(0x3F8);
    assert_true(serial_enable_interrupts(true));
    for (unsigned i = 0; i < 500; i++)
        receive_broken('X', 0x08);
    assert_int_equal(serial_rx(), -1);
    assert_true(uart.accesses < 100);
    unsigned edges = uart.edges;
    serial_pump();
    assert_true(uart.edges > edges);
}

/* What nobody can take waits at the other side: RTS falls, no interrupt asks again, and none is missed at the end. */
static void a_held_line_is_quiet(void **state)
{
    (void)state;
    begin_with(0x3F8);
    assert_true(serial_enable_interrupts(true));
    receive("ab");
    assert_int_equal(serial_rx(), 'a');
    serial_hold(true);
    serial_pump();
    assert_int_equal(uart.modem_control, 0x09);
    assert_false(uart.line);
    receive("c");
    assert_false(uart.line);
    uart.accesses = 0;
    serial_hold(true);
    serial_pump();
    assert_int_equal(uart.accesses, 0);
    uart.busy = true;
    serial_tx("0123456789abcdefX", 17);         /* sending goes on */
    serial_pump();
    assert_int_equal(uart.interrupt_enable, 0x02);
    transmitter_catches_up();
    serial_pump();
    assert_int_equal(uart.output_bytes, 17);
    assert_int_equal(uart.interrupt_enable, 0);
    unsigned edges = uart.edges;
    serial_hold(false);
    serial_pump();
    assert_int_equal(uart.modem_control, 0x0B);
    assert_true(uart.line && uart.edges > edges);
    assert_int_equal(serial_rx(), 'b');
    assert_int_equal(serial_rx(), 'c');
    assert_int_equal(serial_rx(), -1);
    serial_pump();
    assert_false(uart.line);
}

/* With nothing to send and nothing left to read, a pass costs no port access at all. */
static void an_idle_pass_is_free(void **state)
{
    (void)state;
    begin_with(0x3F8);
    serial_enable_interrupts(true);
    serial_rx();
    uart.accesses = 0;
    assert_false(serial_pump());
    assert_int_equal(uart.accesses, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_com_port_is_found, begin),
        cmocka_unit_test_setup(an_interrupt_from_the_operator, begin),
        cmocka_unit_test_setup(none_is_none, begin),
        cmocka_unit_test_setup(a_port_from_the_firmware, begin),
        cmocka_unit_test_setup(the_shift_register_empties_first, begin),
        cmocka_unit_test_setup(output_in_batches, begin),
        cmocka_unit_test_setup(output_goes_round_the_ring, begin),
        cmocka_unit_test_setup(waits_are_bounded, begin),
        cmocka_unit_test_setup(a_line_that_stays_up_loses_nothing, begin),
        cmocka_unit_test_setup(broken_bytes_are_no_keys, begin),
        cmocka_unit_test_setup(noise_holds_nothing_up, begin),
        cmocka_unit_test_setup(a_held_line_is_quiet, begin),
        cmocka_unit_test_setup(an_idle_pass_is_free, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
