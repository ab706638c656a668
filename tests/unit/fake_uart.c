/*
 * fake_uart.c - the 16550 of fake_uart.h: FIFO, shift register, line status that a look clears, and the interrupt line.
 */
#include "fake_uart.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct uart uart;

static void update_line(void)
{
    bool receive = uart.interrupt_enable & 1 && uart.received_head != uart.received_tail;
    bool line = receive || (uart.interrupt_enable & 2 && uart.transmit_cause);
    uart.edges += line && !uart.line;
    uart.line = line;
}

void receive_broken(uint8_t byte, uint8_t faults)
{
    unsigned shown = uart.tells_breaks_at_once ? uart.received_tail : uart.received_head;
    uart.received[uart.received_head++ % 512] = byte;
    uart.faults[shown % 512] |= faults;
    update_line();
}

void receive(const char *text)
{
    for (; *text; text++)
        uart.received[uart.received_head++ % 512] = (uint8_t)*text;
    update_line();
}

void transmitter_catches_up(void)
{
    uart.fifo_bytes = 0;
    uart.transmit_cause = true;
    update_line();
}

static uint8_t show_line_status(void)
{
    uart.shifting -= uart.shifting != 0;
    uint8_t *faults = &uart.faults[uart.received_tail % 512];
    uint8_t status = (uint8_t)((uart.received_head != uart.received_tail) | *faults);
    *faults = 0;                /* a look clears them: PC16550D data sheet, "Line Status Register" */
    return (uint8_t)(status | (uart.fifo_bytes == 0 ? 0x20 : 0) | (uart.fifo_bytes + uart.shifting == 0 ? 0x40 : 0));
}

uint8_t insn_inb(uint16_t at)
{
    uart.accesses++;
    uint16_t reg = (uint16_t)(at - uart.base);
    if (uart.base == 0 || reg > 7)
        return 0xFF;
    if (uart.echoes)
        return 0x60;
    if (reg == 5)
        return show_line_status();
    if (reg != 0 || uart.received_head == uart.received_tail)
        return 0;
    uint8_t byte = uart.received[uart.received_tail++ % 512];
    update_line();
    return byte;
}

static void transmit(uint8_t value)
{
    uart.shifting = uart.slowness;
    if (uart.modem_control & 0x10) {
        uart.received[uart.received_head++ % 512] = value;
        return;
    }
    assert_true(uart.fifo_bytes < 16);          /* else it would be lost */
    uart.output[uart.output_bytes++ % OUTPUT_BYTES] = value;
    uart.fifo_bytes += uart.busy;
    uart.transmit_cause = !uart.busy;
}

void insn_outb(uint16_t at, uint8_t value)
{
    uart.accesses++;
    uint16_t reg = (uint16_t)(at - uart.base);
    bool divisor = uart.line_control & 0x80;
    if (uart.base == 0 || reg > 7)
        return;
    if (reg == 0 && !divisor)
        transmit(value);
    if (reg == 1 && !divisor) {
        uart.transmit_cause = uart.fifo_bytes == 0;     /* enabling it with an empty FIFO interrupts at once */
        uart.interrupt_enable = value;
    }
    uart.cut |= (reg == 2 || reg == 3 || reg == 4) && uart.shifting != 0;
    if (reg == 3)
        uart.line_control = value;
    if (reg == 4)
        uart.modem_control = value;
    update_line();
}

const uint8_t *insn_outsb(uint16_t at, const uint8_t *bytes, size_t count)
{
    while (count-- > 0)
        insn_outb(at, *bytes++);
    return bytes;
}
