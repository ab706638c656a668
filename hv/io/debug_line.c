/*
 * debug_line.c - polled, since who debugs can wait a millisecond, and the guest stands meanwhile.
 */
#include "io/debug_line.h"

#include "cpu/insn.h"
#include "io/serial.h"
#include "io/uart.h"

#define RING_BYTES 4096u        /* a power of two: three packets of the longest kind */
#define FIFO_BYTES 16
#define FIFOS_A_PUMP 16         /* where the UART is not a real one they all go at once */

static uint16_t line_port;
static char line_ring[RING_BYTES];
static uint32_t sent_head, sent_tail;

uint16_t debug_line_init(void)
{
    line_port = serial_find_other();
    return line_port;
}

int debug_line_take(void)
{
    if (line_port == 0 || !(insn_inb(line_port + REG_LINE_STATUS) & LSR_DATA))
        return -1;
    return insn_inb(line_port + REG_DATA);
}

size_t debug_line_room(void)
{
    return RING_BYTES - (sent_head - sent_tail);
}

void debug_line_put(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        line_ring[sent_head++ % RING_BYTES] = bytes[i];
}

bool debug_line_pump(void)
{
    for (unsigned i = 0; i < FIFOS_A_PUMP && sent_head != sent_tail; i++) {
        if (!(insn_inb(line_port + REG_LINE_STATUS) & LSR_FIFO_EMPTY))
            return true;
        for (unsigned sent = 0; sent < FIFO_BYTES && sent_head != sent_tail; sent++)
            insn_outb(line_port + REG_DATA, (uint8_t)line_ring[sent_tail++ % RING_BYTES]);
    }
    return sent_head != sent_tail;
}
