/*
 * debugger.c - the line, the packets on it, and the guest that they are about.
 */
#include "monitor/debugger.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "guest/debug_stop.h"
#include "guest/guest.h"
#include "io/debug_line.h"
#include "monitor/gdb_server.h"

#define POLL_NS 1000000ull
#define BYTES_A_PUMP 64
#define FRAME_BYTES (GDB_PACKET_BYTES + 4)

static struct gdb_packet packet;
static struct gdb_server server;
static struct gdb_answer to_send;
static bool has_packet;         /* that is whole, and not answered yet */
static bool has_line;
static bool is_told;            /* that a guest waits */

void debugger_init(const char *name)
{
    if (name[0] == '\0')
        return;
    uint16_t port = debug_line_init();
    has_line = port != 0;
    if (!has_line) {
        log_warn("debug %s: there is no second serial line (COM1 to COM4), so no guest waits for gdb", name);
        return;
    }
    log_info("debug: gdb is heard at port 0x%x", port);
    debug_stop_want(name);
}

static void send_answer(void)
{
    static char frame[FRAME_BYTES];

    debug_line_put(frame, gdb_answer_frame(&to_send, frame));
}

static void take_byte(uint8_t byte)
{
    switch (gdb_packet_take(&packet, byte)) {
    case GDB_NOTHING: break;
    case GDB_INTERRUPT: debug_stop_ask(); break;
    case GDB_AGAIN: debug_line_put("-", 1); break;
    case GDB_PACKET:
        if (!server.no_acks)
            debug_line_put("+", 1);
        has_packet = true;
        break;
    }
}

/* One that others are made of stands still until they are: what a packet might do to it waits (hold.h). */
static bool is_held(const struct guest *guest)
{
    return guest != NULL && (guest->life.paused & GUEST_PAUSED_BY_HOLD) != 0;
}

/* False: one is there, and waits. */
static bool answer_packet(void)
{
    if (!has_packet)
        return true;
    if (is_held(debug_stop.guest))
        return false;
    has_packet = false;
    if (gdb_server_take(&server, packet.text, &to_send))
        send_answer();
    return true;
}

void debugger_pump(void)
{
    if (!has_line)
        return;
    if (debug_stop.guest != NULL && debug_stop.why == DEBUG_BEGINS && !is_told)
        log_info("guest %u %s waits for gdb on the second serial line", debug_stop.guest->life.id,
                 debug_stop.guest->life.name);
    is_told = debug_stop.guest != NULL && debug_stop.why == DEBUG_BEGINS;
    if (debug_stop.guest == NULL && !server.waits)
        return;                 /* who is early waits for the guest: what it sends stays in the line */
    for (unsigned i = 0; i < BYTES_A_PUMP && debug_line_room() >= 2 * FRAME_BYTES; i++) {
        int byte = answer_packet() ? debug_line_take() : -1;
        if (byte < 0)
            break;
        take_byte((uint8_t)byte);
    }
    (void)answer_packet();
    if (debug_line_room() >= FRAME_BYTES && gdb_server_stopped(&server, &to_send))
        send_answer();
    (void)debug_line_pump();
}

uint64_t debugger_next_ns(uint64_t now_ns)
{
    return has_line ? now_ns + POLL_NS : UINT64_MAX;
}
