/*
 * test_debugger.c - monitor/debugger: when a packet of gdb is carried out. Its line and its server are on paper here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "guest/debug_stop.h"
#include "guest/guest.h"
#include "io/debug_line.h"
#include "monitor/debugger.h"
#include "monitor/gdb_server.h"

#define LINE_BYTES 4096u

struct guest_debugger debug_stop;
static struct guest guest;
static const char *coming;          /* what gdb has sent and nobody has taken */
static char sent[LINE_BYTES], taken[LINE_BYTES];
static unsigned asked;

uint16_t debug_line_init(void)
{
    return 0x2F8;
}

int debug_line_take(void)
{
    return *coming != '\0' ? (uint8_t)*coming++ : -1;
}

size_t debug_line_room(void)
{
    return LINE_BYTES;
}

void debug_line_put(const char *bytes, size_t count)
{
    strncat(sent, bytes, count);
}

bool debug_line_pump(void)
{
    return false;
}

void log_write(enum log_level level, const char *format, ...)
{
    (void)level, (void)format;
}

void debug_stop_want(const char *name)
{
    assert_string_equal(name, "mine");
}

void debug_stop_ask(void)
{
    asked++;
}

bool gdb_server_take(struct gdb_server *server, const char *packet, struct gdb_answer *to_send)
{
    (void)server;
    strcat(strcat(taken, packet), " ");
    *to_send = (struct gdb_answer){ .length = 2, .text = "OK" };
    return true;
}

bool gdb_server_stopped(struct gdb_server *server, struct gdb_answer *to_send)
{
    (void)server, (void)to_send;
    return false;
}

static int start(void **state)
{
    (void)state;
    debugger_init("mine");
    guest = (struct guest){ .life.activity = GUEST_READY };
    debug_stop = (struct guest_debugger){ .guest = &guest, .why = DEBUG_ASKED };
    coming = "";
    sent[0] = taken[0] = '\0';
    asked = 0;
    return 0;
}

/* All that came is carried out at once. */
static void test_packets(void **state)
{
    (void)state;
    coming = "$g#67$k#6b";
    debugger_pump();
    assert_string_equal(taken, "g k ");
    assert_string_equal(sent, "+$OK#9a+$OK#9a");
}

/* The guest is being copied, or another of its image made: it must not end, nor change, until that is done. */
static void test_who_is_held_neither_ends_nor_changes(void **state)
{
    (void)state;
    guest.life.paused = GUEST_PAUSED_BY_OPERATOR | GUEST_PAUSED_BY_HOLD;
    coming = "$k#6b$g#67";
    for (unsigned i = 0; i < 3; i++)
        debugger_pump();
    assert_string_equal(taken, "");
    assert_string_equal(sent, "+");             /* it came, and gdb need not send it again */
    assert_string_equal(coming, "$g#67");
    guest.life.paused = GUEST_PAUSED_BY_OPERATOR;
    debugger_pump();
    assert_string_equal(taken, "k g ");
    assert_string_equal(sent, "+$OK#9a+$OK#9a");
}

/* Who comes before the guest is left waiting in the line. */
static void test_nobody_is_there_yet(void **state)
{
    (void)state;
    debug_stop.guest = NULL;
    coming = "$g#67";
    debugger_pump();
    assert_string_equal(coming, "$g#67");
    debug_stop.guest = &guest;
    debugger_pump();
    assert_string_equal(taken, "g ");
}

/* An interrupt is no packet; what is damaged is asked for again. */
static void test_an_interrupt_and_a_damaged_packet(void **state)
{
    (void)state;
    coming = "\x03$g#68";
    debugger_pump();
    assert_int_equal(asked, 1);
    assert_string_equal(sent, "-");
    assert_string_equal(taken, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_packets, start),
        cmocka_unit_test_setup(test_who_is_held_neither_ends_nor_changes, start),
        cmocka_unit_test_setup(test_nobody_is_there_yet, start),
        cmocka_unit_test_setup(test_an_interrupt_and_a_damaged_packet, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
