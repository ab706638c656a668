/*
 * test_jobs_tell.c - what the monitor's console says of a guest: its state, its last rows, its debug print, its end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "io/rowlog.h"
#include "monitor/jobs_tell.h"
#include "monitor/shell_output.h"

#define NS_PER_MS 1000000ull

static char said[8192];
static struct guest guest;

void shell_print(const char *format, ...)
{
    size_t used = strlen(said);
    va_list arguments;

    va_start(arguments, format);
    used += (size_t)vsnprintf(said + used, sizeof(said) - used, format, arguments);
    va_end(arguments);
    assert_in_range(used, 0, sizeof(said) - 2);
    strcpy(said + used, "\n");
}

void shell_print_lines(const char *text)
{
    strcat(said, text);
}

static int make_guest(void **state)
{
    (void)state;
    memset(&guest, 0, sizeof(guest));
    memset(said, 0, sizeof(said));
    vcon_init(&guest.console.vcon);
    strcpy(guest.life.name, "seven");
    guest.life.id = 3;
    guest.life.report = "";
    guest.life.started_ns = 1000 * NS_PER_MS;
    guest.life.ended_ns = 1012 * NS_PER_MS;
    return 0;
}

static void print(const char *text)
{
    vcon_write(&guest.console.vcon, (const uint8_t *)text, strlen(text));
}

static void end(enum guest_end how, int32_t status)
{
    guest.life.activity = GUEST_ENDED;
    guest.life.end = how;
    guest.life.status = status;
}

static void check_state(const char *expected)
{
    char text[32];

    jobs_describe(&guest, text);
    assert_string_equal(text, expected);
}

static void states(void **state)
{
    (void)state;
    check_state("running");
    guest.life.activity = GUEST_SPINNING;
    check_state("idle, spins");
    guest.life.paused = GUEST_PAUSED_BY_PARENT;
    check_state("paused");
    guest.life.paused = GUEST_PAUSED_SNAPSHOT;
    check_state("snapshot");
    end(GUEST_END_EXIT, -7);
    check_state("exit -7");
    end(GUEST_END_CRASH, (int32_t)HV_STATUS_CRASH);
    check_state("crash 0xdeadc0de");
    end(GUEST_END_TIMEOUT, 0);
    check_state("timeout");
    end(GUEST_END_KILL, 0);
    check_state("killed");
}

static void not_watched(void **state)
{
    (void)state;
    print("on its own console\n");
    guest.life.report = "what happened\n";
    end(GUEST_END_EXIT, 7);
    jobs_tell_end(&guest, false);
    assert_string_equal(said, "what happened\n3 seven: exit 7 in 12 ms\n");
}

/* The last twelve that it wrote, blank ones between them too, without what no terminal takes and the last column. */
static void watched(void **state)
{
    (void)state;
    char row[VCON_COLS];
    for (unsigned i = 0; i < 14; i++) {
        snprintf(row, sizeof(row), i == 5 ? "\n" : "row %u\xDB\n", i);
        print(row);
    }
    memset(row, 'x', sizeof(row));
    vcon_write(&guest.console.vcon, (const uint8_t *)row, sizeof(row));
    end(GUEST_END_EXIT, 0);
    jobs_tell_end(&guest, true);
    assert_string_equal(said, "| row 3?\n| row 4?\n| \n| row 6?\n| row 7?\n| row 8?\n| row 9?\n| row 10?\n| row 11?\n"
                        "| row 12?\n| row 13?\n| xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                        "xxxxxxxxx\n3 seven: exit 0 in 12 ms\n");
}

static void nothing_written(void **state)
{
    (void)state;
    end(GUEST_END_KILL, 0);
    jobs_tell_end(&guest, true);
    assert_string_equal(said, "3 seven: killed in 12 ms\n");
}

/* Rows are on its console; texts of the debug print are told once, blank ones never. */
static void debug_print(void **state)
{
    (void)state;
    guest.console.vcon.log = &guest.row_log;
    print("a row\n");
    rowlog_debug(&guest.console.vcon, (const uint8_t *)"x = 1\a", 6);
    rowlog_debug(&guest.console.vcon, (const uint8_t *)"  ", 2);
    jobs_tell_debug(&guest);
    assert_string_equal(said, "# seven? x = 1?\n");
    jobs_tell_debug(&guest);
    assert_string_equal(said, "# seven? x = 1?\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(states, make_guest),          cmocka_unit_test_setup(not_watched, make_guest),
        cmocka_unit_test_setup(watched, make_guest),         cmocka_unit_test_setup(nothing_written, make_guest),
        cmocka_unit_test_setup(debug_print, make_guest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
