/*
 * gdb_server.h - what gdb asks of the guest under debug_stop.h, and the answers (PURE).
 *
 * Source: the gdb manual, "Remote Protocol" "Packets", "Stop Reply Packets", "General Query Packets". Registers are the
 * sixteen of "i386" in that order: eax ecx edx ebx esp ebp esi edi eip eflags cs ss ds es fs gs.
 */
#ifndef MONITOR_GDB_SERVER_H
#define MONITOR_GDB_SERVER_H

#include <stdbool.h>

#include "monitor/gdb_packet.h"

struct gdb_server {
    bool no_acks;           /* gdb asked that nobody sends '+' any more */
    bool knows_swbreak;     /* it wants to be told that a stop was a breakpoint of its own */
    bool waits;             /* for the next stop, which it is told without asking */
};

/* Carry out a packet. False: there is no answer now; if server->waits, one comes when the guest stops. */
bool gdb_server_take(struct gdb_server *server, const char *packet, struct gdb_answer *answer);

/* Has the guest stopped, or ended, since gdb let it go? Then this is what it is told, once. */
bool gdb_server_stopped(struct gdb_server *server, struct gdb_answer *answer);

#endif
