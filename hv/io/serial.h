/*
 * serial.h - one 16550 UART: polled or interrupt-driven receive, ring-buffered transmit, a panic path that needs
 * nothing.
 */
#ifndef IO_SERIAL_H
#define IO_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_PORT_MAX 0xFFF8u     /* a UART has eight ports */

/*
 * Find COM1-COM4 by loop-back test, set 115200 8N1 and FIFO. False: no UART answers; all calls below then do nothing.
 */
bool serial_init(void);
/*
 * Move to another port, if a UART answers there: the operator's cable is in the one that the configuration, or the
 * firmware's SPCR table, names (0: none). What is still queued goes there, too. Returns serial_present(). Called before
 * interrupts are enabled.
 */
bool serial_init_at(uint16_t io_port);
/* Does a UART answer at this port? Then it is set to 115200 8N1 and FIFO, and what was in it is gone. */
bool serial_answers(uint16_t io_port);
/* Another UART of COM1 to COM4 than the operator's, set up; 0: there is none. */
uint16_t serial_find_other(void);
bool serial_present(void);
uint16_t serial_port(void);         /* 0: none */

/* Free bytes in the transmit ring (16 KiB). */
size_t serial_tx_space(void);

/*
 * Queue bytes. Returns how many were taken (less than length only when the ring is full; all when no UART is present).
 */
size_t serial_tx(const char *bytes, size_t length);

/* Move queued bytes to the UART while it accepts them without waiting. Call often. True while bytes remain queued. */
bool serial_pump(void);

/* Push everything out, to the last bit on the line; at most limit_ms of waiting in all. */
void serial_drain(unsigned limit_ms);

/*
 * The next received byte, or -1. A byte with a parity or framing error and the NUL of a BREAK are dropped (PC16550D
 * data sheet, "Line Status Register").
 */
int serial_rx(void);

/*
 * Nobody can take what comes: let the other side wait by RTS and a full FIFO, without an interrupt, or let it go on.
 */
void serial_hold(bool hold);

/* Panic path: bounded busy-wait per byte, no ring, no state. */
void serial_panic_write(const char *bytes, size_t length);

/*
 * The ISA interrupt of the UART that was found: what the operator said of this port, else 4 for COM1 and COM3, 3 for
 * COM2 and COM4, else none, and it must be polled.
 */
#define SERIAL_NO_ISA_IRQ 0xFF
#define SERIAL_IRQ_MAX 15
unsigned serial_isa_irq(void);
void serial_set_isa_irq(uint16_t io_port, unsigned irq);

/* Let the UART interrupt, if its interrupt could be routed. Returns routed. */
bool serial_enable_interrupts(bool routed);

#endif
