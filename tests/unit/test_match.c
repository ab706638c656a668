/*
 * test_match.c - monitor/match: rows in order against a model, forbidden rows, consoles, and what the verdict shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/match.h"

static struct config config;
static struct match match;
static struct vcon console;
static struct tapfmt_line lines[TAPFMT_DIFFERENCES_MAX];

static void *get_room(size_t bytes)
{
    return calloc(1, bytes);
}

static void begin(const char *autorun)
{
    config_init(&config, get_room);
    config_read(&config, "cobble.cfg", autorun, strlen(autorun), false);
    assert_int_equal(config.autorun_count, 1);
    assert_null(config.autoruns[0].refused);
    assert_true(match_is_wanted(&config.autoruns[0]));
    match_begin(&match, &config, &config.autoruns[0]);
    memset(&console, 0, sizeof(console));
    memset(console.tall_text, ' ', sizeof(console.tall_text));
}

static void row(const char *text)
{
    match_logged(&match, (const uint8_t *)text, (int)strlen(text));
}

static unsigned explain(void)
{
    return match_explain(&match, &console, lines);
}

static void assert_line(unsigned index, const char *label, const char *text)
{
    assert_string_equal(lines[index].label, label);
    assert_true(lines[index].count >= strlen(text));
    assert_memory_equal(lines[index].characters, text, strlen(text));
    for (size_t i = strlen(text); i < lines[index].count; i++)
        assert_true(lines[index].characters[i] == ' ' || lines[index].characters[i] == 0);
}

static void test_order(void **state)
{
    (void)state;
    begin("autorun k match=one match=two match=one");
    row("one");
    row("a one and a two");     /* one row is no match for two texts, but the second one may have it */
    assert_int_equal(explain(), 2);
    assert_line(0, "expected a row with:", "one");
    assert_line(1, "seen: no row like it", "");
    row("one");
    assert_int_equal(explain(), 0);
    begin("autorun k match=one match=two");
    row("two");
    row("one");
    row("tw");
    assert_int_equal(explain(), 2);
    assert_line(0, "expected a row with:", "two");
    assert_line(1, "seen, most like it: ", "tw");
    begin("autorun k match=one match=two");
    row("one two");
    assert_int_equal(explain(), 2);
}

static void test_nearest(void **state)
{
    (void)state;
    begin("autorun k match=\"pong 3\"");
    row("x pong 2");
    row("pong 4");      /* no more of it: the first one stays */
    row("Pong 3");
    assert_int_equal(explain(), 2);
    assert_line(1, "seen, most like it: ", "x pong 2");
}

static void test_forbidden(void **state)
{
    (void)state;
    begin("autorun k match!=panic match=done match!=oops");
    row("done");
    assert_int_equal(explain(), 0);
    row("kernel panic: oops");
    row("oops");
    assert_int_equal(explain(), 2);
    assert_line(0, "expected no row with:", "panic");
    assert_line(1, "seen:                ", "kernel panic: oops");
}

/* A text of debug print is a row, too: its length is in front of it. */
static void test_debug(void **state)
{
    uint8_t text[ROWLOG_RECORD_MAX];

    (void)state;
    begin("autorun k match=deep match=edge match!=beyond");
    memset(text, '.', sizeof(text));
    text[0] = 200;
    memcpy(text + 197, "edge", 4);
    memcpy(text + 201, "beyond", 6);
    row("deep");
    match_logged(&match, text, 220);
    assert_int_equal(explain(), 0);
}

/* NUL and 0xFF look like a blank, and other characters are found as UTF-8 has them. */
static void test_characters(void **state)
{
    (void)state;
    begin("autorun k match=\"a b c\" match=\u2550\u00FC\u263A");
    match_logged(&match, (const uint8_t *)"xa\0b\xFF" "c", 6);
    row("\xCD\x81\x01");
    assert_int_equal(explain(), 0);
}

static void assert_refused(const char *autorun, const char *why)
{
    config_init(&config, get_room);
    config_read(&config, "cobble.cfg", autorun, strlen(autorun), false);
    assert_non_null(config.autoruns[0].refused);
    if (strstr(config.autoruns[0].refused, why) == NULL)
        fail_msg("'%s' has no '%s'", config.autoruns[0].refused, why);
}

static void test_words(void **state)
{
    char text[200];

    (void)state;
    assert_refused("autorun k match=", "a text is missing");
    assert_refused("autorun k match!=\"\"", "a text is missing");
    assert_refused("autorun k match=\"a\\n\"", "a character that no console shows");
    assert_refused("autorun k match=\u4E2D", "a character that no console shows");
    assert_refused("autorun k match=\"\\303\"", "a character that no console shows");
    assert_refused("autorun k console=a/b", "guest's name");
    begin("autorun k console=\\guests\\want.txt");
    assert_string_equal(config.autoruns[0].console, "want.txt");
    config_init(&config, get_room);
    for (unsigned i = 0; i < CONFIG_MATCHES_MAX / 16 + 1; i++) {
        strcpy(text, "autorun k");
        for (unsigned j = 0; j < 16; j++)
            strcat(text, " match=x");
        snprintf(text + strlen(text) - 1, 8, "%u", i);
        config_read(&config, "cobble.cfg", text, strlen(text), false);
    }
    assert_null(config.autoruns[CONFIG_MATCHES_MAX / 16 - 1].refused);
    assert_int_equal(config.autoruns[3].first_match, 48);
    assert_non_null(strstr(config.autoruns[CONFIG_MATCHES_MAX / 16].refused, "more than 1024"));
    free(config.autoruns);
}

static void put(unsigned at, const char *text)
{
    memcpy(console.tall_text[at], text, strlen(text));
}

static const char *set_console(const char *text)
{
    return match_set_console(&match, text, strlen(text));
}

static void test_console(void **state)
{
    (void)state;
    begin("autorun k console=w");
    assert_null(set_console("\xEF\xBB\xBF== 1 k cursor 3,0 ==\r\nhello  \r\n\n  \xE2\x94\x80\r\n"));
    put(0, "hello");
    put(2, "  \xC4");
    console.tall_text[7][3] = 0xFF;
    console.tall_text[24][79] = 0;
    assert_int_equal(explain(), 0);
    put(2, "  -");
    put(24, "x");
    assert_int_equal(explain(), 4);
    assert_line(0, "row 3 expected:", "  \xC4");
    assert_line(1, "row 3 seen:    ", "  -");
    assert_line(2, "row 25 expected:", "");
    assert_line(3, "row 25 seen:    ", "x");
    assert_null(set_console(""));
    assert_int_equal(explain(), 6);
}

static void test_console_without_end(void **state)
{
    (void)state;
    begin("autorun k console=w");
    assert_null(set_console("== a row, no heading ==\nlast"));
    put(0, "== a row, no heading ==");
    put(1, "last");
    assert_int_equal(explain(), 0);
}

static void test_console_refused(void **state)
{
    char text[300];

    (void)state;
    begin("autorun k console=w");
    memset(text, '\n', 25);
    strcpy(text + 25, " \n\n  \n");
    assert_null(set_console(text));
    strcpy(text + 25, "x");
    assert_string_equal(set_console(text), "it has more than 25 lines");
    memset(text, 'x', 81);
    text[80] = '\0';
    assert_null(set_console(text));
    text[80] = 'x';
    text[81] = '\0';
    assert_string_equal(set_console(text), "a line has more than 80 characters");
    memset(text, 'x', 299);
    text[299] = '\0';
    assert_string_equal(set_console(text), "a line has more than 80 characters");
    assert_string_equal(set_console("a\tb"), "it has a character that no console shows");
    assert_string_equal(set_console("a\n\x80"), "it has a character that no console shows");
}

/* Everything differs: as many lines as a verdict has room for, and not one more. */
static void test_all_differs(void **state)
{
    (void)state;
    begin("autorun k match=a match!=b console=w");
    row("b");
    assert_null(set_console(""));
    for (unsigned i = 0; i < VCON_ROWS; i++)
        put(i, "x");
    assert_int_equal(explain(), TAPFMT_DIFFERENCES_MAX);
    assert_line(TAPFMT_DIFFERENCES_MAX - 1, "row 10 seen:    ", "x");
}

/* Random rows and texts of two letters against the definition: each text's first row behind the one before. */
static void test_random(void **state)
{
    static char rows[12][8], texts[3][4];
    char autorun[80];

    (void)state;
    srand(3);
    for (int round = 0; round < 5000; round++) {
        for (unsigned i = 0; i < 12; i++)
            snprintf(rows[i], sizeof(rows[i]), "%c%c%c%c", 'a' + rand() % 2, 'a' + rand() % 2, 'a' + rand() % 2,
                     'a' + rand() % 2);
        for (unsigned i = 0; i < 3; i++)
            snprintf(texts[i], sizeof(texts[i]), "%c%c%c", 'a' + rand() % 2, 'a' + rand() % 2, 'a' + rand() % 2);
        snprintf(autorun, sizeof(autorun), "autorun k match=%s match!=%s match=%s", texts[0], texts[1], texts[2]);
        begin(autorun);
        bool broken = false;
        unsigned at = 0;
        for (unsigned i = 0; i < 12; i++) {
            row(rows[i]);
            broken |= strstr(rows[i], texts[1]) != NULL;
        }
        while (at < 12 && strstr(rows[at], texts[0]) == NULL)
            at++;
        for (at++; at < 12 && strstr(rows[at], texts[2]) == NULL;)
            at++;
        assert_int_equal(explain(), (broken ? 2 : 0) + (at >= 12 ? 2 : 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),           cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_forbidden),       cmocka_unit_test(test_debug),
        cmocka_unit_test(test_characters),      cmocka_unit_test(test_words),
        cmocka_unit_test(test_console),         cmocka_unit_test(test_console_without_end),
        cmocka_unit_test(test_console_refused), cmocka_unit_test(test_all_differs),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
