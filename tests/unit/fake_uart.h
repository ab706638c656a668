/*
 * fake_uart.h - a 16550 on paper, and the instructions that reach it: include it before the driver's source.
 */
#ifndef FAKE_UART_H
#define FAKE_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPU_INSN_H      /* the real one has the instructions */
uint8_t insn_inb(uint16_t at);
void insn_outb(uint16_t at, uint8_t value);
const uint8_t *insn_outsb(uint16_t at, const uint8_t *bytes, size_t count);

#define OUTPUT_BYTES 65536

struct uart {
    uint16_t base;              /* 0: none: every port reads 0xFF */
    bool echoes;                /* a port that gives back what was written, but is no UART */
    uint8_t interrupt_enable, line_control, modem_control;
    uint8_t received[512];
    uint8_t faults[512];        /* of each of them, as the line status shows them once it is next */
    bool tells_breaks_at_once;  /* as QEMU does: while other bytes are still to be read */
    unsigned received_head, received_tail;
    bool busy;                  /* its transmitter is held up */
    unsigned fifo_bytes;
    unsigned slowness, shifting;        /* looks at the line status until a byte has left the shift register */
    bool cut;                   /* a setting changed under a byte */
    bool transmit_cause, line;
    unsigned edges, accesses;
    size_t output_bytes;
    uint8_t output[OUTPUT_BYTES];
};
extern struct uart uart;

/* Bytes come in on the line: with these bits of the line status, or sound ones. */
void receive_broken(uint8_t byte, uint8_t faults);
void receive(const char *text);

/* The line takes what the FIFO holds; from then on it can take more. */
void transmitter_catches_up(void);

#endif
