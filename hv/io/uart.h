/*
 * uart.h - registers of a 16550 UART (PC16550D data sheet, "Summary of Registers").
 */
#ifndef IO_UART_H
#define IO_UART_H

#define REG_DATA 0              /* with DLAB: divisor low */
#define REG_INTERRUPT_ENABLE 1  /* with DLAB: divisor high */
#define REG_FIFO_CONTROL 2
#define REG_LINE_CONTROL 3
#define REG_MODEM_CONTROL 4
#define REG_LINE_STATUS 5

#define IER_RECEIVE 0x01
#define IER_TRANSMIT 0x02
#define FCR_ENABLE_AND_CLEAR 0x07
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define MCR_DTR_OUT2 0x09       /* OUT2 gates the interrupt line on a PC */
#define MCR_RTS 0x02            /* the other side may send */
#define MCR_LOOPBACK 0x10
#define LSR_DATA 0x01
#define LSR_ERRORS 0x0C         /* parity, framing: of the byte that is to be read next */
#define LSR_BREAK 0x10          /* that byte is the NUL of a BREAK */
#define LSR_FIFO_EMPTY 0x20     /* the transmitter's: it takes another FIFO full */
#define LSR_ALL_SENT 0x40       /* its shift register is empty, too */

#endif
