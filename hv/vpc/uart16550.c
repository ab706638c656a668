/*
 * uart16550.c - see uart16550.h (PURE).
 */
#include "vpc/uart16550.h"

#define IER_RECEIVED 0x01u
#define IER_LINE 0x04u
#define FCR_ENABLE 0x01u
#define FCR_CLEAR_RECEIVER 0x02u
#define MCR_RTS 0x02u
#define MSR_PRESENT 0xB0u       /* CTS, DSR, DCD */
#define IIR_NONE 0x01u
#define IIR_EMPTY 0x02u
#define IIR_RECEIVED 0x04u
#define IIR_LINE 0x06u
#define IIR_TIMEOUT 0x0Cu
#define IIR_FIFOS 0xC0u

void uart_reset(struct uart16550 *uart)
{
    *uart = (struct uart16550){ .divisor_low = 12 };
}

static unsigned trigger(const struct uart16550 *uart)
{
    static const uint8_t levels[] = { 1, 4, 8, 14 };

    return uart->fcr & FCR_ENABLE ? levels[uart->fcr >> 6] : 1;
}

/* What IIR says. Below the trigger level bytes are told as if the line had been silent for long enough. */
static uint8_t cause(const struct uart16550 *uart)
{
    if ((uart->ier & IER_LINE) && uart->is_overrun)
        return IIR_LINE;
    if ((uart->ier & IER_RECEIVED) && uart->count > 0)
        return uart->count >= trigger(uart) ? IIR_RECEIVED : IIR_TIMEOUT;
    if ((uart->ier & UART_IER_EMPTY) && !uart->is_empty_told)
        return IIR_EMPTY;
    return IIR_NONE;
}

/* A PC's port has a gate behind it, OUT2. QEMU's has not, and teaching kernels that grew up there leave it shut. */
bool uart_asks(const struct uart16550 *uart)
{
    return cause(uart) != IIR_NONE;
}

unsigned uart_room(const struct uart16550 *uart)
{
    unsigned room = uart->fcr & FCR_ENABLE ? UART_FIFO : 1;

    return uart->count < room && !(uart->mcr & UART_MCR_LOOP) ? room - uart->count : 0;
}

bool uart_is_ready(const struct uart16550 *uart)
{
    return (uart->mcr & (MCR_RTS | UART_MCR_LOOP)) == MCR_RTS || uart->looks == UART_LOOKS_OF_A_WAIT;
}

bool uart_wants_interrupt(const struct uart16550 *uart)
{
    return uart->ier & IER_RECEIVED;
}

/* Too many: FIFOs keep what they have, a single register the last (data sheet "Line Status Register", OE). */
static void take_in(struct uart16550 *uart, uint8_t byte)
{
    bool has_fifos = uart->fcr & FCR_ENABLE;

    uart->is_overrun |= uart->count >= (has_fifos ? UART_FIFO : 1);
    if (uart->count == UART_FIFO)
        return;
    if (!has_fifos)
        uart->count = 0;
    uart->fifo[(uart->first + uart->count++) % UART_FIFO] = byte;
}

void uart_receive(struct uart16550 *uart, uint8_t byte)
{
    take_in(uart, byte);
}

/* What is left below the trigger level tells of itself anew: each byte read begins the line's time-out again. */
static uint8_t take_out(struct uart16550 *uart)
{
    if (uart->count == 0)
        return 0;
    uint8_t byte = uart->fifo[uart->first];
    uart->first = (uint8_t)((uart->first + 1) % UART_FIFO);
    uart->count--;
    uart->dips |= uart->count > 0 && uart->count < trigger(uart);
    return byte;
}

static uint8_t read_cause(struct uart16550 *uart)
{
    uint8_t value = cause(uart);

    if (value == IIR_EMPTY)
        uart->is_empty_told = true;
    return (uint8_t)(value | (uart->fcr & FCR_ENABLE ? IIR_FIFOS : 0));
}

/* In a loop the four outputs are the four inputs: RTS is CTS, DTR DSR, OUT1 RI, OUT2 DCD. */
static uint8_t modem_status(const struct uart16550 *uart)
{
    unsigned out = uart->mcr;

    if (!(out & UART_MCR_LOOP))
        return MSR_PRESENT;
    return (uint8_t)((out & 2) << 3 | (out & 1) << 5 | (out & 4) << 4 | (out & 8) << 4);
}

uint8_t uart_read(struct uart16550 *uart, unsigned reg)
{
    bool is_divisor = uart->lcr & UART_LCR_DLAB;

    switch (reg & 7) {
    case 0: return is_divisor ? uart->divisor_low : take_out(uart);
    case 1: return is_divisor ? uart->divisor_high : uart->ier;
    case 2: return read_cause(uart);
    case 3: return uart->lcr;
    case 4: return uart->mcr;
    case UART_LSR: return uart_line_status(uart);
    case 6: return modem_status(uart);
    default: return uart->scratch;
    }
}

/* A transmitter that is empty tells so again when its interrupt is enabled: drivers rely on that to begin. */
static void write_ier(struct uart16550 *uart, uint8_t value)
{
    if ((value & UART_IER_EMPTY) && !(uart->ier & UART_IER_EMPTY))
        uart->is_empty_told = false;
    uart->ier = value & 0x0F;
}

static void write_fcr(struct uart16550 *uart, uint8_t value)
{
    bool changes = (value ^ uart->fcr) & FCR_ENABLE;

    if (changes || value & FCR_CLEAR_RECEIVER)
        uart->count = 0;
    uart->fcr = value & FCR_ENABLE ? value & 0xC9 : 0;
}

static bool write_data(struct uart16550 *uart, uint8_t value)
{
    uart_note_sent(uart);
    if (uart_reaches_line(uart))
        return true;
    take_in(uart, value);
    return false;
}

bool uart_write(struct uart16550 *uart, unsigned reg, uint8_t value)
{
    bool is_divisor = uart->lcr & UART_LCR_DLAB;

    switch (reg & 7) {
    case 0:
        if (!is_divisor)
            return write_data(uart, value);
        uart->divisor_low = value;
        break;
    case 1:
        if (is_divisor)
            uart->divisor_high = value;
        else
            write_ier(uart, value);
        break;
    case 2: write_fcr(uart, value); break;
    case 3: uart->lcr = value; break;
    case 4: uart->mcr = value & 0x1F; break;
    case 7: uart->scratch = value; break;
    default: break;
    }
    return false;
}
