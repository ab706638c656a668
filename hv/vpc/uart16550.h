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
#define UART_LOOKS_OF_A_WAIT 255u   /* who sends looks a few times at each byte */

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

/* LSR, which who sends reads before each byte: uart_read of register 5. */
#define UART_LSR 5u
#define UART_LSR_READY 0x01u
#define UART_LSR_OVERRUN 0x02u
#define UART_LSR_EMPTY 0x60u

static inline uint8_t uart_line_status(struct uart16550 *uart)
{
    uint8_t value = (uint8_t)(UART_LSR_EMPTY | (uart->count > 0 ? UART_LSR_READY : 0) |
                              (uart->is_overrun ? UART_LSR_OVERRUN : 0));

    uart->is_overrun = false;
    uart->looks += uart->looks < UART_LOOKS_OF_A_WAIT;
    return value;
}

uint8_t uart_read(struct uart16550 *uart, unsigned reg);

/* Does what is written to register 0 go out on the line? Not where the divisor is, or into the receiver. */
#define UART_IER_EMPTY 0x02u
#define UART_LCR_DLAB 0x80u
#define UART_MCR_LOOP 0x10u

static inline bool uart_reaches_line(const struct uart16550 *uart)
{
    return !((uart->lcr & UART_LCR_DLAB) | (uart->mcr & UART_MCR_LOOP));
}

/* A byte goes out, and the transmitter is not empty for a moment. */
static inline void uart_note_sent(struct uart16550 *uart)
{
    uart->dips |= (uart->ier & UART_IER_EMPTY) != 0;
    uart->is_empty_told = false;
    uart->looks = 0;
}

/* True: value goes out on the line. */
bool uart_write(struct uart16550 *uart, unsigned reg, uint8_t value);

#endif
