/*
 * uart16550.h - a serial port (PURE). A byte that is sent is gone at once; one that comes waits in the FIFO.
 *
 * Source: National PC16550D data sheet "Registers".
 */
#ifndef VPC_UART16550_H
#define VPC_UART16550_H

#include <stdbool.h>
#include <stdint.h>

#define UART_FIFO 16u

struct uart16550 {
    uint8_t ier, fcr, lcr, mcr, scratch, divisor_low, divisor_high;
    uint8_t fifo[UART_FIFO];
    uint8_t first, count;
    bool is_empty_told;         /* "transmitter empty" was read in IIR, and nothing was sent since */
    bool is_overrun;
    bool dips;                  /* its interrupt line fell for a moment: an edge, if it is high still */
    uint8_t looks;              /* at LSR in a row, while nothing was sent */
};

void uart_reset(struct uart16550 *uart);

/* Does one of the interrupts that are enabled have a cause? */
bool uart_asks(const struct uart16550 *uart);

/* Is its interrupt line high? */
static inline bool uart_line(const struct uart16550 *uart)
{
    return uart->ier != 0 && uart_asks(uart);
}

/* Bytes that it can take. */
unsigned uart_room(const struct uart16550 *uart);
/*
 * Does the guest ask for bytes? By RTS, as drivers do when they have finished their set-up: what came before that, they
 * throw away with the FIFO. Without RTS: by looking at LSR again and again.
 */
bool uart_is_ready(const struct uart16550 *uart);
/* Is the receiver's interrupt on? */
bool uart_wants_interrupt(const struct uart16550 *uart);
/* A byte comes on the line. One too many is lost, as LSR tells. */
void uart_receive(struct uart16550 *uart, uint8_t byte);

uint8_t uart_read(struct uart16550 *uart, unsigned reg);
/* True: value goes out on the line. */
bool uart_write(struct uart16550 *uart, unsigned reg, uint8_t value);

#endif
