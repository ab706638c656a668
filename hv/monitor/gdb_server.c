/*
 * gdb_server.c - a packet in, an answer out (PURE).
 */
#include "monitor/gdb_server.h"

#include <stddef.h>
#include <stdint.h>

#include "base/format.h"
#include "base/string.h"
#include "cpu/x86.h"
#include "guest/debug_access.h"
#include "guest/debug_stop.h"
#include "guest/guest.h"
#include "monitor/gdb_command.h"

#define REGISTERS 16
#define READ_MAX (GDB_PACKET_BYTES / 2)
#define SIGNAL_INTERRUPT "S02"
#define SIGNAL_TRAP "S05"
#define SIGNAL_FAULT "S0b"
/* What a debugger may change in EFLAGS; IF, IOPL and VM are the hypervisor's. */
#define EFLAGS_OURS_TO_SET 0x240CD5u

static struct guest *stopped_guest(void)
{
    struct guest *guest = debug_stop.guest;

    return guest != NULL && guest->life.activity != GUEST_ENDED && debug_stop.why != DEBUG_RUNS ? guest : NULL;
}

/* The place of a register in the frame; NULL for the data segments, which are always the same. */
static uint64_t *gdb_register(struct trap_frame *frame, unsigned number)
{
    uint64_t *const places[REGISTERS] = { &frame->eax, &frame->ecx, &frame->edx, &frame->ebx, &frame->esp, &frame->ebp,
                                          &frame->esi, &frame->edi, &frame->eip, &frame->eflags, &frame->cs,
                                          &frame->ss };
    return places[number];
}

static uint32_t value_of(struct trap_frame *frame, unsigned number)
{
    const uint64_t *place = gdb_register(frame, number);

    return place != NULL ? (uint32_t)*place : SEL_GUEST_DATA;
}

static void change_register(struct trap_frame *frame, unsigned number, uint32_t value)
{
    uint64_t *place = gdb_register(frame, number);

    if (place == &frame->eflags)
        *place = (*place & ~(uint64_t)EFLAGS_OURS_TO_SET) | (value & EFLAGS_OURS_TO_SET);
    else if (place != NULL && place != &frame->cs && place != &frame->ss)
        *place = value;
}

static void tell_all_registers(struct guest *guest, struct gdb_answer *answer)
{
    for (unsigned i = 0; i < REGISTERS; i++)
        gdb_answer_word(answer, value_of(&guest->state.frame, i));
}

static const char *set_registers(struct guest *guest, const char *text)
{
    uint32_t words[REGISTERS];

    if (!gdb_parse_bytes(&text, (uint8_t *)words, sizeof(words)))
        return "E01";
    for (unsigned i = 0; i < REGISTERS; i++)
        change_register(&guest->state.frame, i, words[i]);
    return "OK";
}

/* "N=VALUE" of P. */
static const char *change_named_register(struct guest *guest, const char *text)
{
    uint32_t number, value;

    if (!gdb_parse_hex(&text, &number) || number >= REGISTERS || *text++ != '=' ||
        !gdb_parse_bytes(&text, (uint8_t *)&value, sizeof(value)))
        return "E01";
    change_register(&guest->state.frame, number, value);
    return "OK";
}

static void tell_register(struct guest *guest, const char *text, struct gdb_answer *answer)
{
    uint32_t number;

    if (gdb_parse_hex(&text, &number) && number < REGISTERS)
        gdb_answer_word(answer, value_of(&guest->state.frame, number));
    else
        gdb_answer_text(answer, "E01");
}

/* "ADDRESS,LENGTH" of m. As much as is there; an error when nothing is. */
static void tell_memory(const char *text, struct gdb_answer *answer)
{
    uint8_t bytes[READ_MAX];
    uint32_t address, length;

    if (!gdb_parse_hex(&text, &address) || *text++ != ',' || !gdb_parse_hex(&text, &length) || length == 0) {
        gdb_answer_text(answer, "E01");
        return;
    }
    length = debug_stop_read(address, bytes, length < READ_MAX ? length : READ_MAX);
    if (length == 0)
        gdb_answer_text(answer, "E14");         /* EFAULT */
    gdb_answer_hex(answer, bytes, length);
}

/* "ADDRESS,LENGTH:BYTES" of M. */
static const char *write_memory(const char *text)
{
    uint8_t bytes[READ_MAX];
    uint32_t address, length;

    if (!gdb_parse_hex(&text, &address) || *text++ != ',' || !gdb_parse_hex(&text, &length) || *text++ != ':' ||
        length > sizeof(bytes) || !gdb_parse_bytes(&text, bytes, length))
        return "E01";
    return debug_stop_write(address, bytes, length) == length ? "OK" : "E14";
}

/*
 * "TYPE,ADDRESS,KIND" of Z and z: 0 and 1, breakpoints; 2 and 4, KIND bytes that are written, or read and written. 3,
 * what is read only, no processor has: gdb then takes 4, and lets what changed the value pass.
 */
static const char *change_breakpoint(const char *text, bool set)
{
    char type = *text++;
    uint32_t address, kind;
    bool done;

    if (type < '0' || type > '4' || type == '3')
        return "";
    if (*text++ != ',' || !gdb_parse_hex(&text, &address) || *text++ != ',' || !gdb_parse_hex(&text, &kind))
        return "E01";
    if (type == '2')
        done = set ? debug_stop_watch(address, kind) : debug_stop_unwatch(address, kind);
    else if (type == '4')
        done = set ? debug_access_watch(address, kind) : debug_access_unwatch(address, kind);
    else
        done = set ? debug_stop_set(address) : debug_stop_remove(address);
    return done ? "OK" : "E14";
}

static void crash_if_due(struct guest *guest, const char *reason)
{
    if (reason != NULL)
        guest_crash(guest, "%s", reason);
}

/* "[ADDRESS]" of c and s, "SIGNAL[;ADDRESS]" of C and S: a guest knows no signals. */
static bool go(struct gdb_server *server, struct guest *guest, const char *packet)
{
    const char *text = packet + 1;
    uint32_t value;

    if (packet[0] == 'C' || packet[0] == 'S')
        text = gdb_parse_hex(&text, &value) && *text == ';' ? text + 1 : "";
    if (gdb_parse_hex(&text, &value))
        guest->state.frame.eip = value;
    server->waits = true;
    crash_if_due(guest, debug_stop_go(packet[0] == 's' || packet[0] == 'S'));
    return false;
}

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void run_command(const char *hex, struct gdb_answer *answer)
{
    char line[100] = "", text[READ_MAX - 1] = "";
    size_t length = 0;

    while (length < sizeof(line) - 1 && gdb_parse_bytes(&hex, (uint8_t *)line + length, 1))
        length++;
    line[length] = '\0';
    gdb_command(line, text, sizeof(text));
    gdb_answer_hex(answer, text, strlen(text));
}

static void answer_query(struct gdb_server *server, const char *text, struct gdb_answer *answer)
{
    const char *found = "";

    if (begins(text, "qSupported")) {
        for (const char *at = text; *at != '\0'; at++)
            server->knows_swbreak |= begins(at, "swbreak+");
        found = "PacketSize=400;swbreak+;QStartNoAckMode+";
    } else if (begins(text, "QStartNoAckMode")) {
        server->no_acks = true;
        found = "OK";
    } else if (begins(text, "qRcmd,")) {
        run_command(text + strlen("qRcmd,"), answer);
    } else if (begins(text, "qfThreadInfo")) {
        found = "m1";
    } else if (begins(text, "qsThreadInfo")) {
        found = "l";
    } else if (begins(text, "qC")) {
        found = "QC1";
    } else if (begins(text, "qAttached")) {
        found = "1";
    }
    gdb_answer_text(answer, found);
}

/* Why it stands, or how it ended: the stop reply packets. */
static void tell_stop(const struct gdb_server *server, struct gdb_answer *answer)
{
    const struct guest *guest = debug_stop.guest;

    if (guest == NULL || guest->life.activity == GUEST_ENDED) {
        uint8_t status = guest != NULL ? (uint8_t)guest->life.status : 0;
        bool exited = guest == NULL || guest->life.end == GUEST_END_EXIT;
        gdb_answer_text(answer, exited ? "W" : "X0b");
        if (exited)
            gdb_answer_hex(answer, &status, 1);
        return;
    }
    if (debug_stop.why == DEBUG_WATCHED || debug_stop.why == DEBUG_ACCESSED) {
        char text[32];
        format_string(text, sizeof(text), "T05%swatch:%08x;", debug_stop.why == DEBUG_ACCESSED ? "a" : "",
                      debug_stop.changed);
        gdb_answer_text(answer, text);
    } else if (debug_stop.why == DEBUG_BREAKPOINT && server->knows_swbreak)
        gdb_answer_text(answer, "T05swbreak:;");
    else
        gdb_answer_text(answer, debug_stop.why == DEBUG_CRASHES ? SIGNAL_FAULT :
                                debug_stop.why == DEBUG_ASKED ? SIGNAL_INTERRUPT : SIGNAL_TRAP);
}

/* What needs a guest that stands. */
static bool take_for_guest(struct gdb_server *server, struct guest *guest, const char *packet,
                           struct gdb_answer *answer)
{
    switch (packet[0]) {
    case 'g': tell_all_registers(guest, answer); return true;
    case 'p': tell_register(guest, packet + 1, answer); return true;
    case 'm': tell_memory(packet + 1, answer); return true;
    case 'G': gdb_answer_text(answer, set_registers(guest, packet + 1)); return true;
    case 'P': gdb_answer_text(answer, change_named_register(guest, packet + 1)); return true;
    case 'M': gdb_answer_text(answer, write_memory(packet + 1)); return true;
    case 'Z':
    case 'z': gdb_answer_text(answer, change_breakpoint(packet + 1, packet[0] == 'Z')); return true;
    case 'c':
    case 's':
    case 'C':
    case 'S': return go(server, guest, packet);
    default: return true;       /* the empty answer: no such packet here */
    }
}

/*
 * "vKill;PROCESS": gdb asks so first, and closes the line when it has the answer. Behind "k", which has none, it closes
 * at once, and what lies in a socket by then is lost.
 */
static void kill_with_answer(const char *packet, struct gdb_answer *answer)
{
    if (!begins(packet, "vKill;"))
        return;                     /* the empty answer */
    if (debug_stop.guest != NULL)
        guest_kill(debug_stop.guest);
    gdb_answer_text(answer, "OK");
}

bool gdb_server_take(struct gdb_server *server, const char *packet, struct gdb_answer *answer)
{
    struct guest *guest = stopped_guest();

    *answer = (struct gdb_answer){ .length = 0 };
    switch (packet[0]) {
    case '?':
        debug_stop_ask();
        tell_stop(server, answer);
        return true;
    case 'q':
    case 'Q': answer_query(server, packet, answer); return true;
    case 'H':
    case 'T': gdb_answer_text(answer, "OK"); return true;
    case 'D':
        crash_if_due(debug_stop.guest, debug_stop_leave());
        debug_stop.guest = NULL;
        gdb_answer_text(answer, "OK");
        return true;
    case 'k':
        if (debug_stop.guest != NULL)
            guest_kill(debug_stop.guest);
        return false;
    case 'v':
        kill_with_answer(packet, answer);
        return true;
    default:
        if (guest != NULL)
            return take_for_guest(server, guest, packet, answer);
        gdb_answer_text(answer, "E03");         /* ESRCH: nobody stands there */
        return true;
    }
}

bool gdb_server_stopped(struct gdb_server *server, struct gdb_answer *answer)
{
    if (!server->waits || (stopped_guest() == NULL && debug_stop.guest != NULL &&
                           debug_stop.guest->life.activity != GUEST_ENDED))
        return false;
    server->waits = false;
    *answer = (struct gdb_answer){ .length = 0 };
    tell_stop(server, answer);
    return true;
}
