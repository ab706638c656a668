/*
 * test_gdb_server.c - monitor/gdb_packet and gdb_server: what gdb sends, whole, damaged and hostile, and its answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "guest/debug_access.h"
#include "guest/debug_stop.h"
#include "guest/guest.h"
#include "monitor/gdb_command.h"
#include "monitor/gdb_server.h"

#define MEMORY_AT 0x1000u
#define MEMORY_BYTES 64u

struct guest_debugger debug_stop;
static struct guest guest;
static struct gdb_server server;
static struct gdb_answer answer;
static uint8_t memory[MEMORY_BYTES];
static char done[200];              /* what was asked of debug_stop */

static void note(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(done + strlen(done), sizeof(done) - strlen(done), format, arguments);
    va_end(arguments);
}

void guest_kill(struct guest *killed)
{
    (void)killed;
    note("kill ");
}

void debug_stop_ask(void)
{
    note("ask ");
}

const char *debug_stop_go(bool one_instruction)
{
    const char *reason = debug_stop.why == DEBUG_CRASHES ? "a reason" : NULL;

    note(one_instruction ? "step " : "go ");
    debug_stop.why = DEBUG_RUNS;
    return reason;
}

const char *debug_stop_leave(void)
{
    note("leave ");
    return NULL;
}

void guest_crash(struct guest *crashed, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    assert_ptr_equal(crashed, &guest);
    note("crash '%s' ", va_arg(arguments, const char *));
    va_end(arguments);
}

bool debug_stop_set(uint32_t address)
{
    note("set %x ", address);
    return address != 0;
}

bool debug_stop_remove(uint32_t address)
{
    note("remove %x ", address);
    return address != 0;
}

bool debug_stop_watch(uint32_t address, uint32_t bytes)
{
    note("watch %x,%u ", address, bytes);
    return true;
}

bool debug_stop_unwatch(uint32_t address, uint32_t bytes)
{
    note("unwatch %x,%u ", address, bytes);
    return true;
}

bool debug_access_watch(uint32_t address, uint32_t bytes)
{
    note("access %x,%u ", address, bytes);
    return bytes <= 16;
}

bool debug_access_unwatch(uint32_t address, uint32_t bytes)
{
    note("no access %x,%u ", address, bytes);
    return true;
}

static uint32_t there(uint32_t address, uint32_t bytes)
{
    uint32_t offset = address - MEMORY_AT;

    return offset >= MEMORY_BYTES ? 0 : bytes < MEMORY_BYTES - offset ? bytes : MEMORY_BYTES - offset;
}

uint32_t debug_stop_read(uint32_t address, uint8_t *to, uint32_t bytes)
{
    uint32_t count = there(address, bytes);

    assert_true(bytes <= GDB_PACKET_BYTES / 2);     /* what an answer has room for */
    if (count > 0)
        memcpy(to, memory + (address - MEMORY_AT), count);
    return count;
}

uint32_t debug_stop_write(uint32_t address, const uint8_t *from, uint32_t bytes)
{
    uint32_t count = there(address, bytes);

    if (count > 0)
        memcpy(memory + (address - MEMORY_AT), from, count);
    return count;
}

void gdb_command(const char *line, char *text, size_t bytes)
{
    snprintf(text, bytes, "<%s>", line);
}

static int begin(void **state)
{
    (void)state;
    memset(&guest, 0, sizeof(guest));
    debug_stop = (struct guest_debugger){ .guest = &guest, .why = DEBUG_BEGINS };
    server = (struct gdb_server){ .no_acks = false };
    done[0] = '\0';
    for (unsigned i = 0; i < MEMORY_BYTES; i++)
        memory[i] = (uint8_t)i;
    return 0;
}

static void expect(const char *packet, const char *wanted)
{
    assert_true(gdb_server_take(&server, packet, &answer));
    assert_string_equal(answer.text, wanted);
    assert_int_equal(answer.length, strlen(wanted));
}

static void expect_silence(const char *packet)
{
    assert_false(gdb_server_take(&server, packet, &answer));
}

static void feed(struct gdb_packet *packet, const char *bytes, enum gdb_input last)
{
    while (*bytes != '\0') {
        enum gdb_input input = gdb_packet_take(packet, (uint8_t)*bytes++);
        assert_int_equal(input, *bytes == '\0' ? last : GDB_NOTHING);
    }
}

static void packets_are_taken_whole(void **state)
{
    struct gdb_packet packet = { .length = 0 };

    (void)state;
    feed(&packet, "+$g#67", GDB_PACKET);
    assert_string_equal(packet.text, "g");
    feed(&packet, "\x03", GDB_INTERRUPT);
    feed(&packet, "$g#68", GDB_AGAIN);
    feed(&packet, "$o#6x", GDB_AGAIN);      /* of a digit that is none, the low bits would be the right ones */
    feed(&packet, "$half a packet$g#67", GDB_PACKET);
    feed(&packet, "$a}\x03" "b#43", GDB_PACKET);        /* '}' and the next byte, 0x20 apart, are one: '#' */
    assert_string_equal(packet.text, "a#b");
    feed(&packet, "$#00", GDB_PACKET);
    assert_string_equal(packet.text, "");
}

static void a_packet_too_long_is_refused(void **state)
{
    static struct gdb_packet packet;
    uint8_t sum = 0;
    char end[4];

    (void)state;
    for (unsigned length = GDB_PACKET_BYTES; length <= GDB_PACKET_BYTES + 1; length++, sum = 0) {
        assert_int_equal(gdb_packet_take(&packet, '$'), GDB_NOTHING);
        for (unsigned i = 0; i < length; i++, sum = (uint8_t)(sum + 'x'))
            assert_int_equal(gdb_packet_take(&packet, 'x'), GDB_NOTHING);
        snprintf(end, sizeof(end), "#%02x", sum);
        feed(&packet, end, length == GDB_PACKET_BYTES ? GDB_PACKET : GDB_AGAIN);
    }
}

static void an_answer_comes_back_as_it_was(void **state)
{
    char frame[GDB_PACKET_BYTES + 4];
    struct gdb_packet packet = { .length = 0 };

    (void)state;
    expect("m1000,40", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                       "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");
    size_t bytes = gdb_answer_frame(&answer, frame);
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(gdb_packet_take(&packet, (uint8_t)frame[i]), i + 1 < bytes ? GDB_NOTHING : GDB_PACKET);
    assert_string_equal(packet.text, answer.text);
}

static void registers_go_both_ways(void **state)
{
    struct trap_frame *frame = &guest.state.frame;

    (void)state;
    *frame = (struct trap_frame){ .eax = 0x11223344, .ebx = 4, .ecx = 2, .edx = 3, .esi = 7, .edi = 8, .ebp = 6,
                                  .eip = 0x100000, .cs = 0x19, .eflags = 0x202, .esp = 5, .ss = 0x21 };
    expect("g", "44332211" "02000000" "03000000" "04000000" "05000000" "06000000" "07000000" "08000000" "00001000"
                "02020000" "19000000" "21000000" "33000000" "33000000" "33000000" "33000000");
    expect("P8=78563412", "OK");
    assert_int_equal(frame->eip, 0x12345678);
    expect("p8", "78563412");
    /* Selectors stay; of EFLAGS only what is the guest's to change: not IF, IOPL, VM, nor TF. */
    expect("P9=ffffffff", "OK");
    assert_int_equal(frame->eflags, 0x240CD5 | 0x202);
    expect("Pa=00000000", "OK");
    expect("Pb=00000000", "OK");
    expect("Pc=00000000", "OK");
    assert_int_equal(frame->cs, 0x19);
    assert_int_equal(frame->ss, 0x21);
    assert_true(gdb_server_take(&server, "g", &answer));
    char all[1 + 16 * 8 + 1];
    snprintf(all, sizeof(all), "G%s", answer.text);
    memcpy(all + 1, "01000000", 8);
    expect(all, "OK");
    assert_int_equal(frame->eax, 1);
    assert_int_equal(frame->esp, 5);
}

static void memory_ends_where_it_ends(void **state)
{
    (void)state;
    expect("m103e,8", "3e3f");
    expect("m1040,8", "E14");
    expect("m0,1", "E14");
    expect("M1000,2:aAbB", "OK");
    assert_int_equal(memory[0], 0xAA);
    assert_int_equal(memory[1], 0xBB);
    expect("m103f,ffffffff", "3f");
    expect("M103f,2:0000", "E14");
    char more[GDB_PACKET_BYTES + 20] = "M1000,201:";
    memset(more + strlen(more), '0', 2 * 0x201);
    expect(more, "E01");
    expect("M1000,3:0000", "E01");
}

static void malformed_packets_are_errors(void **state)
{
    static const char *const wrong[] = {
        "m", "m1000", "m1000,", "m1000,0", "mx,1", "m123456789,1", "M1000,1", "M1000,1:", "M1000,ffffffff:00",
        "M1000,201:00", "G00", "P", "P0", "P10=00000000", "P0=00", "p", "p10", "pffffffff", "Z0",
        "Z0,", "Z0,x,1", "Z0,1000", "z0;1000,1", "Z2,1000,x",
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        expect(wrong[i], "E01");
    expect("Z3,1000,1", "");
    expect("Z", "");
    expect("vCont?", "");
    expect("!", "");
    expect("", "");
    assert_string_equal(done, "");
}

static void accesses_are_watched(void **state)
{
    (void)state;
    expect("Z4,1000,10", "OK");
    expect("Z4,1000,11", "E14");
    expect("z4,1000,10", "OK");
    expect_silence("c");
    assert_string_equal(done, "access 1000,16 access 1000,17 no access 1000,16 go ");
    debug_stop.why = DEBUG_ACCESSED;
    debug_stop.changed = 0x1000;
    assert_true(gdb_server_stopped(&server, &answer));
    assert_string_equal(answer.text, "T05awatch:00001000;");
}

static void it_stops_and_goes(void **state)
{
    (void)state;
    expect("qSupported:multiprocess+;swbreak+;hwbreak+", "PacketSize=400;swbreak+;QStartNoAckMode+");
    expect("?", "S05");
    expect("Z0,1234,1", "OK");
    expect("Z1,0,1", "E14");
    expect("Z2,1000,4", "OK");
    expect_silence("c");
    expect("g", "E03");
    assert_false(gdb_server_stopped(&server, &answer));
    debug_stop.why = DEBUG_BREAKPOINT;
    assert_true(gdb_server_stopped(&server, &answer));
    assert_string_equal(answer.text, "T05swbreak:;");
    assert_false(gdb_server_stopped(&server, &answer));
    expect("z0,1234,1", "OK");
    expect("z2,1000,4", "OK");
    expect_silence("s2000");
    assert_int_equal(guest.state.frame.eip, 0x2000);
    debug_stop.why = DEBUG_WATCHED;
    debug_stop.changed = 0x1000;
    assert_true(gdb_server_stopped(&server, &answer));
    assert_string_equal(answer.text, "T05watch:00001000;");
    expect_silence("C0b;3000");
    assert_int_equal(guest.state.frame.eip, 0x3000);
    debug_stop.why = DEBUG_CRASHES;
    assert_true(gdb_server_stopped(&server, &answer));
    assert_string_equal(answer.text, "S0b");
    expect_silence("c");
    expect("D", "OK");
    assert_null(debug_stop.guest);
    assert_string_equal(done, "ask set 1234 set 0 watch 1000,4 go remove 1234 unwatch 1000,4 step go "
                              "go crash 'a reason' leave ");
}

static void its_end_is_told(void **state)
{
    (void)state;
    expect_silence("c");
    guest.life.activity = GUEST_ENDED;
    guest.life.end = GUEST_END_EXIT;
    guest.life.status = 0x14D;
    assert_true(gdb_server_stopped(&server, &answer));
    assert_string_equal(answer.text, "W4d");
    guest.life.end = GUEST_END_CRASH;
    expect("?", "X0b");
    expect("g", "E03");
    debug_stop.guest = NULL;
    expect("?", "W00");
    expect_silence("k");
}

/* With an answer, for gdb would close the line before a packet without one is read. */
static void a_kill_is_answered(void **state)
{
    (void)state;
    expect("vKill;a410", "OK");
    assert_string_equal(done, "kill ");
    expect_silence("k");
    assert_string_equal(done, "kill kill ");
    debug_stop.guest = NULL;
    expect("vKill;a410", "OK");
    expect("vKill", "");
    assert_string_equal(done, "kill kill ");
}

static void monitor_commands_have_text(void **state)
{
    (void)state;
    expect("qRcmd,76696474", "3c766964743e");
    expect("qRcmd,", "3c3e");
}

/* Whatever comes, nothing breaks, and an answer is text that a frame can hold. */
static void garbage_is_harmless(void **state)
{
    static const char letters[] = "?gGpPmMcsCSZzkDHTqQv,;:=#0123456789abcdef\xFF ";
    char text[40];

    (void)state;
    srand(1);
    for (unsigned i = 0; i < 300000; i++) {
        unsigned length = (unsigned)rand() % (sizeof(text) - 1);
        for (unsigned j = 0; j < length; j++)
            text[j] = letters[(unsigned)rand() % (sizeof(letters) - 1)];
        text[length] = '\0';
        debug_stop.guest = rand() % 4 ? &guest : NULL;
        debug_stop.why = rand() % 4 ? DEBUG_STEPPED : DEBUG_RUNS;
        (void)gdb_server_take(&server, text, &answer);
        assert_true(answer.length <= GDB_PACKET_BYTES && strlen(answer.text) == answer.length);
        done[0] = '\0';
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(packets_are_taken_whole, begin),
        cmocka_unit_test_setup(a_packet_too_long_is_refused, begin),
        cmocka_unit_test_setup(an_answer_comes_back_as_it_was, begin),
        cmocka_unit_test_setup(registers_go_both_ways, begin),
        cmocka_unit_test_setup(memory_ends_where_it_ends, begin),
        cmocka_unit_test_setup(malformed_packets_are_errors, begin),
        cmocka_unit_test_setup(accesses_are_watched, begin),
        cmocka_unit_test_setup(it_stops_and_goes, begin),
        cmocka_unit_test_setup(its_end_is_told, begin),
        cmocka_unit_test_setup(a_kill_is_answered, begin),
        cmocka_unit_test_setup(monitor_commands_have_text, begin),
        cmocka_unit_test_setup(garbage_is_harmless, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
