/*
 * serial.c - one 16550 UART (PC16550D data sheet): found by loop-back, fed from a ring, never waited for without a
 * bound.
 */
#include "io/serial.h"

#include "base/string.h"
#include "cpu/insn.h"
#include "io/uart.h"

#define DIVISOR_115200 1
#define FIFO_BYTES 16
#define RING_BYTES 16384u       /* a power of two */
#define WAIT_READS 20000        /* port reads of about 1 us: far longer than a FIFO takes at 115200 baud */
#define READS_PER_MS 1000

static const uint16_t com_ports[] = { 0x3F8, 0x2F8, 0x3E8, 0x2E8 };

static uint16_t port;           /* 0: none */
static uint16_t told_port;      /* whose interrupt the operator told */
static unsigned told_irq;
static bool interrupts;
static bool receive_held;
static uint8_t interrupt_enable;
static bool receive_waits;      /* the last serial_rx gave a byte: there may be more */
static uint8_t next_faults;     /* LSR_ERRORS and LSR_BREAK of the next byte: looking at the line status clears them */
static uint8_t ring[RING_BYTES];
static uint32_t ring_head, ring_tail;

static void set_line(uint16_t base)
{
    insn_outb(base + REG_INTERRUPT_ENABLE, 0);
    insn_outb(base + REG_LINE_CONTROL, LCR_DLAB);
    insn_outb(base + REG_DATA, DIVISOR_115200);
    insn_outb(base + REG_INTERRUPT_ENABLE, 0);
    insn_outb(base + REG_LINE_CONTROL, LCR_8N1);
    insn_outb(base + REG_FIFO_CONTROL, FCR_ENABLE_AND_CLEAR);
    next_faults = 0;
}

/* Whoever looks at the line status, what it says of the next byte is kept for serial_rx. 0xFF: the UART went away. */
static void keep_faults(uint8_t status)
{
    if (status & (LSR_ERRORS | LSR_BREAK) && status & LSR_DATA && status != 0xFF)
        next_faults |= status & (LSR_ERRORS | LSR_BREAK);
}

static uint8_t line_status(uint16_t base)
{
    uint8_t status = insn_inb(base + REG_LINE_STATUS);

    keep_faults(status);
    return status;
}

/* Until a bit of the line status is set. False: it was not, in as many reads. */
static bool wait_for(uint16_t base, uint8_t bit, uint64_t reads)
{
    while (!(line_status(base) & bit))
        if (reads-- == 0)
            return false;
    return true;
}

/* An absent UART reads 0xFF, a stray device something else: only a UART gives back in loop-back what was sent. */
bool serial_answers(uint16_t base)
{
    const uint8_t probes[] = { 0x5A, 0xA5 };

    if (insn_inb(base + REG_LINE_STATUS) == 0xFF)
        return false;
    wait_for(base, LSR_ALL_SENT, WAIT_READS);   /* what the firmware had to say would be cut, or sent too fast */
    set_line(base);
    insn_outb(base + REG_MODEM_CONTROL, MCR_LOOPBACK);
    for (unsigned i = 0; i < sizeof(probes); i++) {
        insn_outb(base + REG_DATA, probes[i]);
        wait_for(base, LSR_DATA, WAIT_READS);
        if (insn_inb(base + REG_DATA) != probes[i])
            return false;
    }
    wait_for(base, LSR_ALL_SENT, WAIT_READS);   /* else the end of a probe would go out on the line */
    insn_outb(base + REG_MODEM_CONTROL, MCR_DTR_OUT2 | MCR_RTS);
    return true;
}

bool serial_init(void)
{
    for (unsigned i = 0; i < sizeof(com_ports) / sizeof(com_ports[0]); i++) {
        if (serial_answers(com_ports[i])) {
            port = com_ports[i];
            return true;
        }
    }
    return false;
}

bool serial_init_at(uint16_t io_port)
{
    if (io_port != 0 && io_port <= SERIAL_PORT_MAX && io_port != port && serial_answers(io_port))
        port = io_port;
    return port != 0;
}

uint16_t serial_find_other(void)
{
    for (unsigned i = 0; i < sizeof(com_ports) / sizeof(com_ports[0]); i++)
        if (com_ports[i] != port && serial_answers(com_ports[i]))
            return com_ports[i];
    return 0;
}

bool serial_present(void)
{
    return port != 0;
}

uint16_t serial_port(void)
{
    return port;
}

void serial_set_isa_irq(uint16_t io_port, unsigned irq)
{
    told_port = io_port;
    told_irq = irq;
}

unsigned serial_isa_irq(void)
{
    if (port == told_port && told_irq != SERIAL_NO_ISA_IRQ)
        return told_irq;
    for (unsigned i = 0; i < sizeof(com_ports) / sizeof(com_ports[0]); i++)
        if (port == com_ports[i])
            return i % 2 == 0 ? 4 : 3;
    return SERIAL_NO_ISA_IRQ;
}

/*
 * The interrupt line tells of a new cause by an edge, and there is none while an old one holds it up: a byte that came
 * between reading and writing, or was not fetched, would wait for ever. Where that can be, let the line fall first.
 */
static void set_interrupts(uint8_t wanted)
{
    if (receive_held)
        wanted &= ~IER_RECEIVE;
    bool as_before = wanted == interrupt_enable && !(wanted & IER_TRANSMIT);
    if (!interrupts || (as_before && !(receive_waits && wanted)))
        return;
    interrupt_enable = wanted;
    insn_outb(port + REG_INTERRUPT_ENABLE, 0);
    insn_outb(port + REG_INTERRUPT_ENABLE, wanted);
}

bool serial_enable_interrupts(bool routed)
{
    interrupts = routed && port != 0;
    set_interrupts(IER_RECEIVE);
    return interrupts;
}

size_t serial_tx_space(void)
{
    return port != 0 ? RING_BYTES - (ring_head - ring_tail) : RING_BYTES;
}

size_t serial_tx(const char *bytes, size_t length)
{
    if (port == 0)
        return length;
    size_t space = serial_tx_space(), to_end = RING_BYTES - ring_head % RING_BYTES;
    size_t taken = length < space ? length : space, first = taken < to_end ? taken : to_end;

    memcpy(&ring[ring_head % RING_BYTES], bytes, first);
    memcpy(ring, bytes + first, taken - first);
    ring_head += (uint32_t)taken;
    return taken;
}

/*
 * Send what lies in one piece, a FIFO at a time, as long as one look at the line status says that it is empty. *seen
 * collects what the looks said. Returns how many bytes are left.
 */
static uint32_t send_bursts(const uint8_t *next, uint32_t count, uint8_t *seen)
{
    const uint8_t *end = next + count, *end_of_full = end - count % FIFO_BYTES;
    uint16_t base = port;
    uint8_t status = LSR_FIFO_EMPTY;

    while (next != end_of_full) {
        *seen |= status = insn_inb(base + REG_LINE_STATUS);
        if (!(status & LSR_FIFO_EMPTY))
            return (uint32_t)(end - next);
        next = insn_outsb(base + REG_DATA, next, FIFO_BYTES);
    }
    if (next != end)
        *seen |= status = insn_inb(base + REG_LINE_STATUS);
    if (next == end || !(status & LSR_FIFO_EMPTY))
        return (uint32_t)(end - next);
    insn_outsb(base + REG_DATA, next, (size_t)(end - next));
    return 0;
}

/* An emulated UART empties at once, so there the ring drains in one call. Bound: RING_BYTES. */
bool serial_pump(void)
{
    uint8_t seen = 0;       /* nothing is read meanwhile: all that is seen is about the same byte */
    uint32_t left = 0;

    while (left == 0 && ring_head != ring_tail) {
        uint32_t start = ring_tail % RING_BYTES, count = ring_head - ring_tail;
        count = count < RING_BYTES - start ? count : RING_BYTES - start;
        left = send_bursts(&ring[start], count, &seen);
        ring_tail += count - left;
    }
    keep_faults(seen);
    bool waits = left != 0;
    set_interrupts(waits ? IER_RECEIVE | IER_TRANSMIT : IER_RECEIVE);
    return waits;
}

void serial_drain(unsigned limit_ms)
{
    uint64_t reads = (uint64_t)limit_ms * READS_PER_MS;

    while (port != 0 && serial_pump() && reads > 0) {
        (void)line_status(port);
        reads--;
    }
    if (port != 0)
        wait_for(port, LSR_ALL_SENT, reads);      /* a power-off would cut the last of it */
}

/* QEMU tells of a BREAK as soon as it comes, and of two at once: until none is left, each NUL may be the one of it. */
static bool is_good(uint8_t byte)
{
    bool good = !(next_faults & LSR_ERRORS) && !(next_faults & LSR_BREAK && byte == '\0');

    next_faults &= LSR_BREAK;
    return good;
}

int serial_rx(void)
{
    for (unsigned i = 0; port != 0 && i < FIFO_BYTES; i++) {
        uint8_t status = line_status(port);
        /* 0xFF: it went away, which would read as data for ever. */
        receive_waits = status != 0xFF && (status & LSR_DATA);
        if (!receive_waits) {
            next_faults = 0;
            return -1;
        }
        uint8_t byte = insn_inb(port + REG_DATA);
        if (is_good(byte))
            return byte;
    }
    return -1;
}

void serial_hold(bool hold)
{
    if (port == 0 || hold == receive_held)
        return;
    receive_held = hold;
    receive_waits = true;
    insn_outb(port + REG_MODEM_CONTROL, hold ? MCR_DTR_OUT2 : MCR_DTR_OUT2 | MCR_RTS);
}

void serial_panic_write(const char *bytes, size_t length)
{
    for (size_t i = 0; port != 0 && i < length; i++) {
        if (!wait_for(port, LSR_FIFO_EMPTY, WAIT_READS))
            return;             /* it is stuck: a panic has a screen to write to, too */
        insn_outb(port + REG_DATA, (uint8_t)bytes[i]);
    }
}
