/*
 * test_shell.c - lines that are pasted into the monitor, or typed ahead, are carried out in their order, one command or
 * completion a look, and none is lost or waits for a key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/commands.h"
#include "monitor/commands_list.h"
#include "monitor/complete.h"
#include "monitor/jobs.h"
#include "monitor/room.h"
#include "monitor/shell.h"
#include "monitor/shell_output.h"
#include "monitor/top.h"
#include "pebpeb.h"

static char done[512];              /* each command, with a semicolon behind it */
static unsigned pieces, top_keys;
static bool is_starting;
static unsigned list_left;          /* pieces of a list that goes on */

void commands_run(const char *line, uint64_t now_ns)
{
    (void)now_ns;
    pieces++;
    snprintf(done + strlen(done), sizeof(done) - strlen(done), "%s;", line);
    list_left = strcmp(line, "long") == 0 ? 3 : 0;
}

bool commands_list_goes_on(void)
{
    return list_left > 0;
}

void commands_list_more(void)
{
    assert_true(list_left > 0);
    pieces++;
    list_left--;
    snprintf(done + strlen(done), sizeof(done) - strlen(done), "%u;", list_left);
}

const char *complete_find(const char *text)
{
    (void)text;
    pieces++;
    return "!";
}

bool jobs_is_starting(void)
{
    return is_starting;
}

void top_key(uint8_t character, uint64_t now_ns)
{
    (void)now_ns;
    top_keys++;
    if (character == 'q')
        shell_end_picture();
}

void top_pump(uint64_t now_ns)
{
    (void)now_ns;
}

void *room_take(size_t bytes)
{
    return calloc(1, bytes);
}

void console_attach(struct console *console)
{
    (void)console;
}

void console_view(struct console *console)
{
    (void)console;
}

static int set_up(void **state)
{
    (void)state;
    if (shell_console()->key == NULL)
        shell_init();
    done[0] = '\0';
    pieces = top_keys = 0;
    is_starting = false;
    return 0;
}

static void type(const char *text)
{
    struct console *console = shell_console();

    for (; *text != '\0'; text++)
        console->key(console->owner, HV_KEY_MAKE | HV_KEY_HASDATA | (uint8_t)*text);
}

static void one_command_a_look(void **state)
{
    (void)state;
    type("ps\rls\r\rinfo 3\rki");
    for (unsigned look = 1; shell_waits(); look++) {
        shell_pump(look);
        assert_in_range(pieces, 0, look);
    }
    assert_string_equal(done, "ps;ls;;info 3;");
    type("ll 1\r");
    shell_pump(9);
    assert_string_equal(done, "ps;ls;;info 3;kill 1;");
    assert_false(shell_waits());
}

static void one_completion_a_look(void **state)
{
    (void)state;
    type("a\tb\tc\r");
    for (unsigned look = 1; shell_waits(); look++) {
        shell_pump(look);
        assert_int_equal(pieces, look);
    }
    assert_string_equal(done, "a!b!c;");
}

/* What is typed ahead of a guest that is being launched waits, and nobody is to look again for it meanwhile. */
static void a_launch_holds_what_follows(void **state)
{
    (void)state;
    type("ps\r");
    is_starting = true;
    assert_false(shell_waits());
    shell_pump(1);
    assert_int_equal(pieces, 0);
    is_starting = false;
    assert_true(shell_waits());
    shell_pump(2);
    assert_string_equal(done, "ps;");
}

/* A piece a look, without a prompt between them; what is typed meanwhile comes behind. */
static void a_list_goes_on_by_itself(void **state)
{
    (void)state;
    type("long\rps\r");
    for (unsigned look = 1; shell_waits(); look++) {
        shell_pump(look);
        assert_int_equal(pieces, look);
        assert_int_equal(shell_prompt_is_shown(), list_left == 0);
    }
    assert_string_equal(done, "long;2;1;0;ps;");
}

static void one_key_of_a_picture_a_look(void **state)
{
    (void)state;
    shell_begin_picture();
    type("xyqps\r");
    for (unsigned look = 1; look <= 3; look++) {
        shell_pump(look);
        assert_int_equal(top_keys, look);
    }
    shell_pump(4);
    assert_int_equal(top_keys, 3);
    assert_string_equal(done, "ps;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_command_a_look, set_up),
        cmocka_unit_test_setup(one_completion_a_look, set_up),
        cmocka_unit_test_setup(a_launch_holds_what_follows, set_up),
        cmocka_unit_test_setup(a_list_goes_on_by_itself, set_up),
        cmocka_unit_test_setup(one_key_of_a_picture_a_look, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
