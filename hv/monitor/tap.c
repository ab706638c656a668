/*
 * tap.c - the TAP stream on the serial line.
 */
#include "monitor/tap.h"

#include "base/check.h"
#include "base/string.h"
#include "io/input.h"
#include "io/serial.h"

/* Two verdicts: while one is being sent, the next can be written. */
static char stream_bytes[2 * TAPFMT_VERDICT_BYTES];
static struct tapfmt_buffer queue = { stream_bytes, sizeof(stream_bytes), 0 };
static size_t sent;
static uint64_t gone;               /* before the queue's first byte */
static bool open;

void tap_open(unsigned planned)
{
    open = true;
    input_use_serial(false);
    /* The firmware may have left the cursor in the middle of a line: the version line must start one. */
    tapfmt_text(&queue, "\nTAP version 13\n1..%u\n# Cobble %s\n", planned, COBBLE_VERSION);
}

bool tap_is_open(void)
{
    return open;
}

struct tapfmt_buffer *tap_take_buffer(size_t room_bytes)
{
    CHECK(room_bytes <= TAPFMT_VERDICT_BYTES);
    return tapfmt_room(&queue) >= room_bytes ? &queue : NULL;
}

uint64_t tap_count(void)
{
    return gone + queue.used;
}

bool tap_pump(void)
{
    sent += serial_tx(queue.bytes + sent, queue.used - sent);
    if (sent >= TAPFMT_VERDICT_BYTES || sent == queue.used) {
        memmove(queue.bytes, queue.bytes + sent, queue.used - sent);
        queue.used -= sent;
        gone += sent;
        sent = 0;
    }
    return queue.used != 0;
}

void tap_close(void)
{
    CHECK(queue.used == 0);
    open = false;
}
