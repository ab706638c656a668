/*
 * test_pebbles_words.c - how the Pebbles shell splits a line: examples, limits, and random lines, which must never
 * reach beyond the line and give only words without blanks when there are no quotes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pebbles/user/shell/words.h"

#define RANDOM_LINES 20000
#define LINE_BYTES 40

static struct command command;
static char line[512];

static const char *parse(const char *text)
{
    assert_true(strlen(text) < sizeof(line));
    strcpy(line, text);
    return command_parse(line, "42", &command);
}

/* The words, joined by '|', and '&' at the end of a background command. */
static void expect(const char *text, const char *words)
{
    char joined[512] = "";

    assert_null(parse(text));
    for (int i = 0; i < command.count; i++) {
        strcat(joined, i > 0 ? "|" : "");
        strcat(joined, command.words[i]);
    }
    strcat(joined, command.background ? "&" : "");
    assert_string_equal(joined, words);
    assert_null(command.words[command.count]);
}

static void test_words(void **state)
{
    (void)state;
    expect("", "");
    expect(" \t\n", "");
    expect("ls\n", "ls");
    expect("  echo a\tbc  d \n", "echo|a|bc|d");
    expect("echo $? a$? $?b\n", "echo|42|a$?|$?b");
    expect("# nothing\n", "");
    expect("echo a # b\n", "echo|a");
    expect("echo a#b\n", "echo|a#b");
}

static void test_quotes(void **state)
{
    (void)state;
    expect("echo \"a b\" 'c \"d'\n", "echo|a b|c \"d");
    expect("echo a\"b c\"d\n", "echo|ab cd");
    expect("echo \"\" x\n", "echo||x");
    expect("echo '&' '#'\n", "echo|&|#");
    assert_non_null(parse("echo \"a\n"));
    assert_non_null(parse("echo 'a\"\n"));
}

static void test_background(void **state)
{
    (void)state;
    expect("ls &\n", "ls&");
    expect("ls&", "ls&");
    expect("ls a& # b\n", "ls|a&");
    expect("echo \"a\"&\n", "echo|a&");
    assert_non_null(parse("&\n"));
    assert_non_null(parse("a & b\n"));
    assert_non_null(parse("a&b\n"));
}

static void test_limit(void **state)
{
    char many[2 * COMMAND_WORDS_MAX + 3] = "";

    (void)state;
    for (int i = 0; i < COMMAND_WORDS_MAX; i++)
        strcat(many, "a ");
    assert_null(parse(many));
    assert_int_equal(command.count, COMMAND_WORDS_MAX);
    strcat(many, "a");
    assert_non_null(parse(many));
}

/* In a buffer of its exact size, for the sanitizer to see a step beyond. */
static void test_random_lines(void **state)
{
    static const char alphabet[] = "ab \t\n&#$?\"'";

    (void)state;
    srand(1);
    for (int round = 0; round < RANDOM_LINES; round++) {
        size_t length = (size_t)(rand() % LINE_BYTES), quotes = 0;
        char *text = malloc(length + 1);
        for (size_t i = 0; i < length; i++) {
            text[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
            quotes += text[i] == '"' || text[i] == '\'';
        }
        text[length] = '\0';
        if (command_parse(text, "42", &command) == NULL) {
            assert_true(command.count > 0 || !command.background);
            for (int i = 0; i < command.count && quotes == 0; i++) {
                assert_true(command.words[i][0] != '\0');
                assert_null(strpbrk(command.words[i], " \t\n&"));
            }
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_background),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_random_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
