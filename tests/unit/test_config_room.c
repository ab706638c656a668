/*
 * test_config_room.c - monitor/config: what it does when there is more than it has room for, or no memory at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/config.h"

#define REFUSED 256

static struct config config;

/* Whatever was given is never given back: its pieces are kept here. */
static void *rooms[64];
static unsigned room_count;
static size_t room_bytes;       /* since somebody set it to 0 */

static void *get_room(size_t bytes)
{
    assert_in_range(room_count, 0, sizeof(rooms) / sizeof(rooms[0]) - 1);
    room_bytes += bytes;
    return rooms[room_count++] = calloc(1, bytes);
}

static int free_rooms(void **state)
{
    (void)state;
    while (room_count > 0)
        free(rooms[--room_count]);
    memset(&config, 0, sizeof(config));
    return 0;
}

/* Each refusal keeps its own words until there is no room for more; then it is refused without. */
static void test_refusals_full(void **state)
{
    static const char line[] = "autorun a expect=a_word_that_is_no_end_and_makes_the_refusal_a_good_deal_longer";
    char source[16];
    unsigned kept = 0;

    (void)state;
    config_init(&config, get_room);
    for (unsigned i = 0; i < REFUSED; i++) {
        snprintf(source, sizeof(source), "source%u", i);
        config_read(&config, source, line, strlen(line), false);
    }
    assert_int_equal(config.autorun_count, REFUSED);
    for (unsigned i = 0; i < REFUSED; i++) {
        snprintf(source, sizeof(source), "source%u:1: ", i);
        bool is_told = strncmp(config.autoruns[i].refused, source, strlen(source)) == 0;
        assert_true(is_told || strstr(config.autoruns[i].refused, "too many") != NULL);
        kept += is_told;
    }
    assert_in_range(kept, CONFIG_REFUSALS_BYTES / CONFIG_MESSAGE_BYTES, REFUSED - 1);
}

static void *get_no_room(size_t bytes)
{
    (void)bytes;
    return NULL;
}

/* Those that were there before the plan got room of its own are there after, and each is what its line said. */
static void test_long_plan(void **state)
{
    char line[64];

    (void)state;
    config_init(&config, get_room);
    for (unsigned i = 0; i < CONFIG_AUTORUNS_MAX + 2; i++) {
        int length = snprintf(line, sizeof(line), i % 3 ? "autorun g%u expect=%u\n" : "autorun g%u expect=%ux\n", i, i);
        config_read(&config, "c", line, (uint64_t)length, false);
    }
    assert_int_equal(config.autorun_count, CONFIG_AUTORUNS_MAX);
    assert_non_null(strstr(config.messages[0], "more than 4096 autoruns"));
    for (unsigned i = 0; i < CONFIG_AUTORUNS_MAX; i++) {
        snprintf(line, sizeof(line), "g%u", i);
        assert_string_equal(config.autoruns[i].name, line);
        assert_int_equal(config.autoruns[i].refused != NULL, i % 3 == 0);
        assert_int_equal(config.autoruns[i].expect_status, i % 3 ? i : 0);
    }
}

/* A plan takes as much as it has lines; read line by line, less than half as much again is lost. */
static void test_plan_takes_what_it_needs(void **state)
{
    static char text[CONFIG_AUTORUNS_MAX * 12];
    const unsigned counts[] = { CONFIG_AUTORUNS_FEW, CONFIG_AUTORUNS_FEW + 1, 1000, CONFIG_AUTORUNS_MAX };

    for (unsigned i = 0; i < 4; i++) {
        size_t used = 0, most = counts[i] < 2 * CONFIG_AUTORUNS_FEW ? 2 * CONFIG_AUTORUNS_FEW : counts[i] + 1;
        for (unsigned line = 0; line < counts[i]; line++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, line % 2 ? "autorun b\n" : "autorun a\n");
        config_init(&config, get_room);
        room_bytes = 0;
        config_read(&config, "c", text, used, false);
        assert_int_equal(config.autorun_count, counts[i]);
        assert_string_equal(config.autoruns[counts[i] - 1].name, counts[i] % 2 ? "a" : "b");
        assert_in_range(room_bytes, 0, i == 0 ? 0 : most * sizeof(struct config_autorun));
        free_rooms(state);
    }
    config_init(&config, get_room);
    room_bytes = 0;
    for (unsigned i = 0; i < CONFIG_AUTORUNS_MAX; i++)
        config_read(&config, "c", "autorun a;", 10, true);
    assert_int_equal(config.autorun_count, CONFIG_AUTORUNS_MAX);
    assert_in_range(room_bytes, 0, 2 * CONFIG_AUTORUNS_MAX * sizeof(struct config_autorun));
}

static void *get_room_but_for_plans(size_t bytes)
{
    return bytes <= CONFIG_TEXT_BYTES ? get_room(bytes) : NULL;
}

/* Without memory nothing is kept, and what is refused for that says so; what needs none holds. */
static void test_no_memory(void **state)
{
    static struct config none;
    static const char text[] = "autorun a type=x\nautorun b match=y\ntype c z\nchoice \"t\"\nafter reboot\nautorun d\n";

    (void)state;
    config_init(&none, get_no_room);
    config_read(&none, "cobble.cfg", text, strlen(text), false);
    assert_int_equal(none.autorun_count, 2);
    assert_string_equal(none.autoruns[0].refused, "no room to say why: too many autoruns are refused");
    assert_non_null(none.autoruns[1].refused);
    assert_int_equal(none.typing_count + none.match_count + none.choice_count + none.message_count, 0);
    assert_int_equal(none.messages_dropped, 2);
}

static void *get_room_but_for_texts(size_t bytes)
{
    return bytes == CONFIG_TEXT_BYTES ? NULL : get_room(bytes);
}

/* Room for what is kept of a text, and none for the text itself: nothing is kept of it. */
static void test_no_memory_for_texts(void **state)
{
    static const char text[] = "autorun a type=x\nautorun b match=y\nautorun c engine=interp cmdline=z\ntype d w\n"
                               "autorun e\n";

    (void)state;
    config_init(&config, get_room_but_for_texts);
    config_read(&config, "c", text, strlen(text), false);
    assert_int_equal(config.autorun_count, 4);
    for (unsigned i = 0; i < 3; i++)
        assert_non_null(strstr(config.autoruns[i].refused, "no memory to keep it"));
    assert_null(config.autoruns[3].refused);
    assert_int_equal(config.typing_count + config.match_count, 0);
    assert_int_equal(config.message_count, 1);
}

/* What was kept for one reading has room for the next. */
static void test_read_again(void **state)
{
    (void)state;
    config_init(&config, get_room);
    config_read(&config, "c", "type a b\nbad\n", 13, false);
    const struct config_typing *typings = config.typings;
    config_init(&config, get_room);
    config_read(&config, "c", "type c dd\n", 10, false);
    assert_ptr_equal(config.typings, typings);
    assert_int_equal(config.typing_count, 1);
    assert_int_equal(config.message_count, 0);
    assert_string_equal(config.typings[0].name, "c");
    assert_memory_equal(config.text, "dd", 2);
}

static void test_limits(void **state)
{
    (void)state;
    config_init(&config, get_room_but_for_plans);
    for (unsigned i = 0; i < CONFIG_AUTORUNS_FEW + 2; i++)
        config_read(&config, "c", "autorun a\n", 10, false);
    assert_int_equal(config.autorun_count, CONFIG_AUTORUNS_FEW);
    assert_int_equal(config.message_count, 2);
    assert_non_null(strstr(config.messages[0], "more than 64 autoruns"));
    config_init(&config, get_room);
    for (unsigned i = 0; i < CONFIG_MESSAGES_MAX + 3; i++)
        config_read(&config, "c", "bad\n", 4, false);
    assert_int_equal(config.message_count, CONFIG_MESSAGES_MAX);
    assert_int_equal(config.messages_dropped, 3);
    config_init(&config, get_room);
    for (unsigned i = 0; i < CONFIG_TYPINGS_MAX + 1; i++)
        config_read(&config, "c", "type a b\n", 9, false);
    assert_int_equal(config.typing_count, CONFIG_TYPINGS_MAX);
    assert_int_equal(config.message_count, 1);
}

static void test_text_room(void **state)
{
    static char line[4000];

    (void)state;
    memset(line, 'z', sizeof(line));
    memcpy(line, "type a ", 7);
    config_init(&config, get_room);
    for (unsigned i = 0; i < 12; i++)
        config_read(&config, "c", line, sizeof(line), false);
    assert_true(config.text_used <= CONFIG_TEXT_BYTES);
    assert_int_equal(config.typing_count, CONFIG_TEXT_BYTES / (sizeof(line) - 7));
    assert_true(config.message_count > 0);
}

static void test_too_many_choices(void **state)
{
    (void)state;
    config_init(&config, get_room);
    for (int i = 0; i < 11; i++)
        config_read(&config, "c", "choice x", 8, false);
    assert_int_equal(config.choice_count, 9);
    assert_int_equal(config.message_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_refusals_full, free_rooms),
        cmocka_unit_test_teardown(test_long_plan, free_rooms),
        cmocka_unit_test_teardown(test_no_memory_for_texts, free_rooms),
        cmocka_unit_test_teardown(test_plan_takes_what_it_needs, free_rooms),
        cmocka_unit_test_teardown(test_limits, free_rooms),
        cmocka_unit_test_teardown(test_no_memory, free_rooms),
        cmocka_unit_test_teardown(test_read_again, free_rooms),
        cmocka_unit_test_teardown(test_text_room, free_rooms),
        cmocka_unit_test_teardown(test_too_many_choices, free_rooms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
