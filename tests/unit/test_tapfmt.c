/*
 * test_tapfmt.c - monitor/tapfmt: the stream's lines to the letter, and that no guest can forge a result.
 *
 * With an argument it writes a sample stream to that file, for prove and Meson's TAP parser to read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../guests/lib/hostile.h"
#include "io/cp437.h"
#include "monitor/tapfmt.h"

static char bytes[TAPFMT_VERDICT_BYTES + 1];
static struct tapfmt_buffer buffer = { bytes, TAPFMT_VERDICT_BYTES, 0 };
static struct vcon console;
static const struct tapfmt_prefix prefix = { "# k| ", 5 };

static void clear_console(void)
{
    memset(&console, 0, sizeof(console));
    memset(console.tall_text, ' ', sizeof(console.tall_text));
}

static void put(unsigned row, unsigned column, const char *text)
{
    for (; *text != '\0'; text++)
        console.tall_text[row][column++] = (uint8_t)*text;
}

static const char *written(void)
{
    bytes[buffer.used] = '\0';
    buffer.used = 0;
    return bytes;
}

static void assert_row(const char *cells, size_t count, const char *expected)
{
    tapfmt_row(&buffer, &prefix, (const uint8_t *)cells, count);
    assert_string_equal(written(), expected);
}

static void test_rows(void **state)
{
    (void)state;
    assert_row("We are in the hypervisor", 24, "# k| We are in the hypervisor\n");
    assert_row("a\0b \0 ", 6, "# k| a b\n");
    assert_row("   ", 3, "");
    assert_row("\0\0\xFF", 3, "");
    assert_row("", 0, "");
    assert_row("\nok 1 - forged", 14, "# k| \xE2\x97\x99ok 1 - forged\n");
    assert_row("\r\n# x\x1B[2J", 10, "# k| \xE2\x99\xAA\xE2\x97\x99# x\xE2\x86\x90[2J\n");
    assert_row("\x01\x7F\x80\xDB", 4, "# k| \xE2\x98\xBA\xE2\x8C\x82\xC3\x87\xE2\x96\x88\n");
}

/* The same without a thought for speed: a plain row with one character of any kind. */
static void expect_row(char *expected, unsigned length, unsigned column, uint8_t character)
{
    static const char tildes[] = "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~";
    bool is_blank = character == 0 || character == ' ' || character == 0xFF;

    if (is_blank && column + 1 == length)
        sprintf(expected, "# k| %.*s\n", (int)column, tildes);
    else
        sprintf(expected, "# k| %.*s%s%.*s\n", (int)column, tildes, is_blank ? " " : cp437_utf8(character),
                (int)(length - 1 - column), tildes);
}

/* Every character at every place of rows: many plain ones are taken at once, others must not hide there. */
static void test_every_character_everywhere(void **state)
{
    static const unsigned lengths[] = { 2, 7, 8, 9, 24, 31, 32, 40, 47, 64, 71, 79, VCON_COLS };
    uint8_t row[VCON_COLS];
    char expected[2 * VCON_COLS];

    (void)state;
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (unsigned place = 0; place < 256 * lengths[i]; place++) {
            memset(row, '~', sizeof(row));
            row[place / 256] = (uint8_t)place;
            expect_row(expected, lengths[i], place / 256, (uint8_t)place);
            assert_row((const char *)row, lengths[i], expected);
        }
    }
}

static void test_comments(void **state)
{
    (void)state;
    tapfmt_comment(&buffer, "info:", "a\nok 1\x80", 7);
    assert_string_equal(written(), "# info: a?ok 1?\n");
    tapfmt_comment(&buffer, "", "cobble.cfg:1: x", 15);
    assert_string_equal(written(), "# cobble.cfg:1: x\n");
    tapfmt_comment(&buffer, "k!", "", 0);
    assert_string_equal(written(), "# k!\n");
}

static void test_ok(void **state)
{
    struct tapfmt_result result = { .ok = true, .number = 1, .name = "console", .end = TAPFMT_EXIT, .status = 77,
                                    .milliseconds = 120, .reason = "", .registers = "" };

    (void)state;
    tapfmt_verdict(&buffer, &result);
    assert_string_equal(written(), "ok 1 - console # exit 77 in 120 ms\n");
    result.status = -10;
    tapfmt_verdict(&buffer, &result);
    assert_string_equal(written(), "ok 1 - console # exit -10 in 120 ms\n");
    result.end = TAPFMT_CRASH;
    result.status = (int32_t)0xDEADC0DE;
    tapfmt_verdict(&buffer, &result);
    assert_string_equal(written(), "ok 1 - console # crash 0xdeadc0de in 120 ms\n");
    result.end = TAPFMT_TIMEOUT;
    tapfmt_verdict(&buffer, &result);
    assert_string_equal(written(), "ok 1 - console # timeout after 120 ms\n");
    result.end = TAPFMT_REFUSED;
    result.reason = "not an\nELF file";
    tapfmt_verdict(&buffer, &result);
    assert_string_equal(written(), "ok 1 - console # refused: not an?ELF file\n");
    result.ok = false;
    tapfmt_verdict(&buffer, &result);
    assert_string_equal(written(), "not ok 1 - console # refused: not an?ELF file\n");
}

static void test_crash_block(void **state)
{
    struct tapfmt_result result = { .number = 2, .name = "cliff", .end = TAPFMT_CRASH,
                                    .status = (int32_t)0xDEADC0DE, .expected = "exit 0",
                                    .reason = "say \"no\" \\", .registers = "eax=0", .console = &console,
                                    .report = "crash: no\nLook at: \"it\"\n",
                                    .rest = "backtrace goes on:\n  from a\x1b" "b\n" };

    (void)state;
    clear_console();
    put(0, 0, "first");
    put(2, 1, "last");
    tapfmt_verdict(&buffer, &result);
    assert_string_equal(written(), "not ok 2 - cliff\n  ---\n  expected: exit 0\n  got: crash 0xdeadc0de\n"
                                   "  reason: \"say \\\"no\\\" \\\\\"\n  registers: \"eax=0\"\n"
                                   "  advice: \"Look at: \\\"it\\\"\"\n  more: |\n    |backtrace goes on:\n"
                                   "    |  from a?b\n  console: |\n"
                                   "    |first\n    |\n    | last\n  ...\n");
    clear_console();
    result.reason = "";
    result.registers = result.report = result.rest = "";
    tapfmt_verdict(&buffer, &result);
    assert_string_equal(written(), "not ok 2 - cliff\n  ---\n  expected: exit 0\n  got: crash 0xdeadc0de\n"
                                   "  console: \"\"\n  ...\n");
}

/* Fill the console with one hostile text, again and again. */
static void fill_console(const char *text, size_t length)
{
    for (unsigned i = 0; i < VCON_ROWS * VCON_COLS; i++)
        console.tall_text[i / VCON_COLS][i % VCON_COLS] = (uint8_t)text[i % length];
}

/* A line that a TAP reader could take for something else than a comment, a verdict of ours, or the block under it. */
static void assert_lines_harmless(const char *stream)
{
    bool in_block = false;
    unsigned verdicts = 0;

    for (const char *line = stream; *line != '\0'; line = strchr(line, '\n') + 1) {
        assert_non_null(strchr(line, '\n'));
        if (strncmp(line, "  ---\n", 6) == 0)
            in_block = true;
        else if (strncmp(line, "  ...\n", 6) == 0)
            in_block = false;
        else if (strncmp(line, "not ok 2 - k\n", 13) == 0)
            verdicts++;
        else if (in_block)
            assert_true(strncmp(line, "    |", 5) == 0 || strncmp(line, "  expected: exit 0\n", 19) == 0 ||
                        strncmp(line, "  got: exit 1\n", 14) == 0 || strncmp(line, "  console: |\n", 13) == 0 ||
                        strncmp(line, "  differences: |\n", 17) == 0);
        else
            assert_true(strncmp(line, "# k| ", 5) == 0);
        for (const char *c = line; *c != '\n'; c++)
            assert_true((uint8_t)*c >= 0x20 && *c != 0x7F);
    }
    assert_false(in_block);
    assert_int_equal(verdicts, 1);
}

/* Everything that a verdict can show is the guest's text, and as long as it can be. */
static void write_hostile(const char *text, size_t length)
{
    struct tapfmt_line differences[TAPFMT_DIFFERENCES_MAX];
    struct tapfmt_result result = { .number = 2, .name = "k", .end = TAPFMT_EXIT, .status = 1, .expected = "exit 0",
                                    .reason = "", .registers = "", .console = &console, .differences = differences,
                                    .difference_count = TAPFMT_DIFFERENCES_MAX };

    fill_console(text, length);
    for (unsigned i = 0; i < TAPFMT_DIFFERENCES_MAX; i++) {
        strcpy(differences[i].label, "row 25 expected:");
        differences[i].characters = vcon_text(&console, i);
        differences[i].count = VCON_COLS;
    }
    tapfmt_row(&buffer, &prefix, vcon_text(&console, 0), VCON_COLS);
    tapfmt_verdict(&buffer, &result);
    assert_true(buffer.used < buffer.size);
}

static void test_differences(void **state)
{
    struct tapfmt_line differences[] = { { "expected:", (const uint8_t *)"a\xC4", 2 },
                                         { "seen:    ", (const uint8_t *)"\nok 1 -  ", 9 } };
    struct tapfmt_result result = { .number = 2, .name = "k", .end = TAPFMT_EXIT, .expected = "exit 0", .reason = "",
                                    .registers = "", .console = &console, .differences = differences,
                                    .difference_count = 2 };

    (void)state;
    clear_console();
    tapfmt_verdict(&buffer, &result);
    assert_string_equal(written(), "not ok 2 - k\n  ---\n  expected: exit 0\n  got: exit 0\n  differences: |\n"
                                   "    |expected: a\xE2\x94\x80\n    |seen:     \xE2\x97\x99ok 1 -\n"
                                   "  console: \"\"\n  ...\n");
}

/* The longest verdict there can be is whole: every cell takes three bytes. */
static void test_longest(void **state)
{
    (void)state;
    write_hostile("\xDB", 1);
    assert_true(buffer.used > VCON_COLS * (VCON_ROWS + TAPFMT_DIFFERENCES_MAX) * 3u);
    assert_true(buffer.used < buffer.size - 1024);      /* reason and registers */
    assert_lines_harmless(written());
}

static void test_hostile_text(void **state)
{
    char all[256];

    (void)state;
    clear_console();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        if (hostile[i].length == 1)
            continue;   /* NUL everywhere is an empty console: see test_crash_block */
        write_hostile(hostile[i].text, hostile[i].length);
        assert_lines_harmless(written());
    }
    for (unsigned i = 0; i < 256; i++)
        all[i] = (char)i;
    write_hostile(all, 256);
    assert_lines_harmless(written());
    srand(5);
    for (int round = 0; round < 2000; round++) {
        for (unsigned i = 0; i < 256; i++)
            all[i] = rand() % 3 == 0 ? "\n.# ok\r-"[rand() % 8] : (char)rand();
        write_hostile(all, 256);
        assert_lines_harmless(written());
    }
}

/* A full buffer loses text at the end, never memory beyond it. */
static void test_small_buffer(void **state)
{
    char *small = malloc(50);
    struct tapfmt_buffer tight = { small, 50, 0 };

    (void)state;
    for (int i = 0; i < 10; i++)
        tapfmt_row(&tight, &prefix, (const uint8_t *)"0123456789", 10);
    assert_true(tight.used <= 50);
    free(small);
}

static void dump(unsigned number, const char *name, const struct vcon *from)
{
    tapfmt_dump_heading(&buffer, number, name, from);
    for (unsigned row = 0; row < VCON_ROWS; row++)
        tapfmt_dump_row(&buffer, from, row);
}

static void test_dump(void **state)
{
    (void)state;
    clear_console();
    put(0, 2, "hi");
    put(24, 0, "\xC4");
    console.row = 3;
    console.column = 4;
    dump(1, "k", &console);
    assert_string_equal(written(), "== 1 k cursor 3,4 ==\n  hi\n"
                                   "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\xE2\x94\x80\n");
    dump(2, "r", NULL);
    assert_string_equal(written(), "== 2 r cursor 0,0 ==\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n");
}

/* A stream as a machine would send it: one ok, every kind of hostile failure, a refusal. */
static int write_sample(const char *path)
{
    FILE *file = fopen(path, "w");
    unsigned count = sizeof(hostile) / sizeof(hostile[0]);

    if (file == NULL)
        return 1;
    fprintf(file, "\nTAP version 13\n1..%u\n# Cobble 0\n", count + 2);
    struct tapfmt_result result = { .ok = true, .number = 1, .name = "hello", .end = TAPFMT_EXIT, .reason = "",
                                    .registers = "", .expected = "exit 0" };
    tapfmt_verdict(&buffer, &result);
    for (unsigned i = 0; i < count; i++) {
        clear_console();
        fill_console(hostile[i].text, hostile[i].length);
        result = (struct tapfmt_result){ .number = i + 2, .name = "k", .end = TAPFMT_CRASH, .expected = "exit 0",
                                         .reason = "\"\\", .registers = "eax=0", .console = &console };
        tapfmt_verdict(&buffer, &result);
        fputs(written(), file);
    }
    result = (struct tapfmt_result){ .ok = true, .number = count + 2, .name = "bad", .end = TAPFMT_REFUSED,
                                     .reason = "not an ELF file", .registers = "" };
    tapfmt_verdict(&buffer, &result);
    fprintf(file, "%s# leaked frames: 0\n", written());
    fprintf(file, "# cobble: done ok=2 not_ok=%u crashed=%u time_ms=1\n", count, count);
    return fclose(file);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),         cmocka_unit_test(test_comments),     cmocka_unit_test(test_ok),
        cmocka_unit_test(test_crash_block),  cmocka_unit_test(test_hostile_text), cmocka_unit_test(test_small_buffer),
        cmocka_unit_test(test_dump),         cmocka_unit_test(test_every_character_everywhere),
        cmocka_unit_test(test_differences),  cmocka_unit_test(test_longest),
    };

    if (argument_count > 1)
        return write_sample(arguments[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
