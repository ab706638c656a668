/*
 * test_config.c - monitor/config: every directive, every malformed form, and lines as editors leave them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/serial.h"
#include "monitor/config.h"

static struct config config;

static void *get_room(size_t bytes)
{
    return calloc(1, bytes);
}

static void read_text(const char *text)
{
    config_init(&config, get_room);
    config_read(&config, "cobble.cfg", text, strlen(text), false);
}

static void read_options(const char *text)
{
    config_init(&config, get_room);
    config_read(&config, "load options", text, strlen(text), true);
}

static void assert_message(const char *text, const char *start)
{
    read_text(text);
    assert_int_equal(config.message_count, 1);
    if (strncmp(config.messages[0], start, strlen(start)) != 0)
        fail_msg("'%s' does not start with '%s'", config.messages[0], start);
}

static void assert_refused(const char *text, const char *name, const char *start)
{
    read_text(text);
    assert_int_equal(config.autorun_count, 1);
    assert_int_equal(config.message_count, 0);
    assert_string_equal(config.autoruns[0].name, name);
    assert_non_null(config.autoruns[0].refused);
    if (strncmp(config.autoruns[0].refused, start, strlen(start)) != 0)
        fail_msg("'%s' does not start with '%s'", config.autoruns[0].refused, start);
}

static void test_defaults(void **state)
{
    (void)state;
    read_text("");
    assert_int_equal(config.autorun_count, 0);
    assert_int_equal(config.message_count, 0);
    assert_false(config.together);
    assert_int_equal(config.after, CONFIG_AFTER_MONITOR);
    assert_int_equal(config.log_level, LOG_INFO);
    assert_int_equal(config.tick_ms, 10);
    assert_int_equal(config.escape, 0x1D);
    read_text("autorun hello");
    assert_null(config.autoruns[0].refused);
    assert_int_equal(config.autoruns[0].expect, CONFIG_EXPECT_EXIT);
    assert_int_equal(config.autoruns[0].expect_status, 0);
    assert_int_equal(config.autoruns[0].timeout_ms, 60000);
    assert_int_equal(config.autoruns[0].memory_bytes, 24 << 20);
    assert_int_equal(config.autoruns[0].output_bytes, 1 << 20);
    assert_int_equal(config.autoruns[0].clock, CONFIG_CLOCK_DEFAULT);
}

#define REFUSED 256

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
    free(config.autoruns);
}

/* The example of docs/operator.md "Configuration", with Windows line ends and none at the end. */
static void test_example(void **state)
{
    (void)state;
    read_text("\xEF\xBB\xBF# tests\r\n\r\nautorun console expect=77 timeout=10s\r\n"
              "autorun /guests/mykernel.elf mem=32M expect=0 clock=run type=\"help\\n\"\r\n"
              "together on\r\nafter poweroff   # or monitor\r\nlog debug\r\ntick 20ms\r\nescape ^T\r\nlinger 500ms\r\n"
              "serial 0x2e0,5");
    assert_int_equal(config.message_count, 0);
    assert_int_equal(config.autorun_count, 2);
    assert_string_equal(config.autoruns[0].name, "console");
    assert_int_equal(config.autoruns[0].expect_status, 77);
    assert_int_equal(config.autoruns[0].timeout_ms, 10000);
    assert_string_equal(config.autoruns[1].name, "mykernel.elf");
    assert_int_equal(config.autoruns[1].memory_bytes, 32 << 20);
    assert_int_equal(config.autoruns[1].clock, CONFIG_CLOCK_RUN);
    assert_int_equal(config.typing_count, 1);
    assert_int_equal(config.typings[0].autorun, 1);
    assert_int_equal(config.typings[0].length, 5);
    assert_memory_equal(config.text + config.typings[0].text, "help\n", 5);
    assert_true(config.together);
    assert_int_equal(config.after, CONFIG_AFTER_POWEROFF);
    assert_int_equal(config.log_level, LOG_DEBUG);
    assert_int_equal(config.tick_ms, 20);
    assert_int_equal(config.escape, 'T' - '@');
    assert_int_equal(config.linger_ms, 500);
    assert_int_equal(config.serial_port, 0x2E0);
    assert_int_equal(config.serial_irq, 5);
}

/* serial PORT[,IRQ]: also as a load option, without the interrupt, and each way of it to be wrong. */
static void test_serial(void **state)
{
    static const char *const ports[] = { "", "0", "0xfff9", "x", "0x2e0x", ",5", "0x100000000", "1234567890123456,5" };
    static const char *const irqs[] = { "0x2e0,", "0x2e0,2", "0x2e0,16", "0x2e0,0", "0x2e0,-1", "0x2e0,5,6", "1,255" };
    char text[80];
    (void)state;
    read_text("");
    assert_int_equal(config.serial_port, 0);
    read_options("serial=0x2e0,5; serial=0xD000");      /* the later one, with nothing of the one before */
    assert_int_equal(config.message_count, 0);
    assert_int_equal(config.serial_port, 0xD000);
    assert_int_equal(config.serial_irq, SERIAL_NO_ISA_IRQ);
    for (unsigned i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        snprintf(text, sizeof(text), "serial=%s", ports[i]);
        read_text(text);
        assert_int_equal(config.serial_port, 0);
        assert_non_null(strstr(config.messages[0], "serial is a port"));
    }
    for (unsigned i = 0; i < sizeof(irqs) / sizeof(irqs[0]); i++) {
        snprintf(text, sizeof(text), "serial %s", irqs[i]);
        read_text(text);
        assert_int_equal(config.serial_port, 0);
        assert_non_null(strstr(config.messages[0], "an interrupt of a serial line is"));
    }
}

static void test_values(void **state)
{
    (void)state;
    read_text("autorun a expect=crash\nautorun b expect=timeout\nautorun c expect=refused\nautorun d expect=-10\n"
              "autorun e expect=0xDEADC0DE clock=wall output=64K\ntogether on\ntogether off\nafter reboot\n"
              "type e \"x\"\ntype /guests/e two\nescape Ctrl-]\nlog warn\n");
    assert_int_equal(config.message_count, 0);
    assert_int_equal(config.autoruns[0].expect, CONFIG_EXPECT_CRASH);
    assert_int_equal(config.autoruns[1].expect, CONFIG_EXPECT_TIMEOUT);
    assert_int_equal(config.autoruns[2].expect, CONFIG_EXPECT_REFUSED);
    assert_int_equal(config.autoruns[3].expect_status, 0xFFFFFFF6u);
    assert_int_equal(config.autoruns[4].expect_status, 0xDEADC0DEu);
    assert_int_equal(config.autoruns[4].output_bytes, 64 << 10);
    assert_int_equal(config.autoruns[4].clock, CONFIG_CLOCK_WALL);
    assert_false(config.debug_print);
    read_text("autorun a debug-print=on trace=on\nautorun b debug-print=off strict=on\n"
              "autorun c strict=off\ndebug-print on\ntrace on\n");
    assert_int_equal(config.message_count, 0);
    assert_false(config.counted);
    assert_true(config.debug_print);
    assert_true(config.trace && config.autoruns[0].trace && !config.autoruns[1].trace);
    assert_true(!config.autoruns[0].strict && config.autoruns[1].strict && !config.autoruns[2].strict);
    assert_int_equal(config.autoruns[0].debug_print, CONFIG_CHOICE_ON);
    assert_int_equal(config.autoruns[1].debug_print, CONFIG_CHOICE_OFF);
    assert_int_equal(config.autoruns[2].debug_print, CONFIG_CHOICE_DEFAULT);
    read_text("autorun a seed=3\nautorun b snapshot=Two\n");
    assert_true(config.has_snapshots && config.message_count == 0);
    assert_string_equal(config.autoruns[0].snapshot, "");
    assert_string_equal(config.autoruns[1].snapshot, "Two");
    read_text("autorun a seed=3\n");
    assert_false(config.has_snapshots);
    read_text("autorun e\ntogether off\nafter reboot\ntype e \"x\"\ntype /guests/e two\nescape Ctrl-]\nlog warn\n");
    assert_false(config.together);
    assert_int_equal(config.after, CONFIG_AFTER_REBOOT);
    assert_int_equal(config.typing_count, 2);
    assert_int_equal(config.typings[1].autorun, -1);
    assert_string_equal(config.typings[1].name, "e");
    assert_memory_equal(config.text + config.typings[1].text, "two", 3);
    assert_int_equal(config.escape, 0x1D);
    assert_int_equal(config.log_level, LOG_WARN);
}

static void test_rights(void **state)
{
    (void)state;
    read_text("autorun a\nautorun b control\nautorun c control=on children=256 memory=1G\n"
              "autorun d control=on control=off\nautorun e memory=7\n");
    assert_int_equal(config.message_count, 0);
    assert_false(config.autoruns[0].rights.control);
    assert_int_equal(config.autoruns[0].rights.most.children, 16);
    assert_int_equal(config.autoruns[0].rights.most.memory_bytes, 384u << 20);
    assert_true(config.autoruns[1].rights.control);
    assert_true(config.autoruns[2].rights.control);
    assert_int_equal(config.autoruns[2].rights.most.children, 256);
    assert_int_equal(config.autoruns[2].rights.most.memory_bytes, 1u << 30);
    assert_false(config.autoruns[3].rights.control);
    assert_int_equal(config.autoruns[4].rights.most.memory_bytes, 7u << 20);
    assert_refused("autorun a control=maybe", "a", "cobble.cfg:1: 'control=maybe': control= is on or off");
    assert_refused("autorun a children=0", "a", "cobble.cfg:1: 'children=0': children= is a number from 1 to 256");
    assert_refused("autorun a children=257", "a", "cobble.cfg:1: 'children=257': children= is a number from 1 to 256");
    assert_refused("autorun a children=some", "a", "cobble.cfg:1: 'children=some': children= is a number");
    assert_refused("autorun a memory=2000G", "a", "cobble.cfg:1: 'memory=2000G': the size is too large");
    assert_refused("autorun a memory=", "a", "cobble.cfg:1: 'memory=': not a size");
    assert_refused("autorun a controls", "a", "cobble.cfg:1: 'controls': unknown word");
}

static void test_malformed(void **state)
{
    (void)state;
    assert_message("\n\nfoo bar\n", "cobble.cfg:3: unknown directive 'foo'; known: autorun");
    assert_message("together", "cobble.cfg:1: '': together is on or off");
    assert_message("debug-print perhaps", "cobble.cfg:1: 'perhaps': debug-print is on or off");
    assert_message("together maybe", "cobble.cfg:1: 'maybe': together is on or off");
    assert_message("together on off", "cobble.cfg:1: 'off': too much");
    assert_message("tick=10ms 5", "cobble.cfg:1: '5': too much");
    assert_message("after lunch", "cobble.cfg:1: 'lunch': after is");
    assert_message("log loud", "cobble.cfg:1: 'loud': log is");
    assert_message("tick 0", "cobble.cfg:1: '0': ");
    assert_message("tick 2s", "cobble.cfg:1: '2s': a tick is");
    assert_message("tick soon", "cobble.cfg:1: 'soon': not a time");
    assert_message("escape x", "cobble.cfg:1: 'x': escape is");
    assert_message("escape ^H", "cobble.cfg:1: ");
    assert_message("escape ^", "cobble.cfg:1: ");
    assert_message("escape ^AB", "cobble.cfg:1: ");
    assert_message("linger", "cobble.cfg:1: ");
    assert_message("type", "cobble.cfg:1: 'type': write: type NAME");
    assert_message("type a", "cobble.cfg:1: 'a': write: type NAME");
    assert_message("type a/b \"x\"", "cobble.cfg:1: 'a/b': a guest's name has");
    assert_message("type a \"x", "cobble.cfg:1: a quoted text without");
    assert_message("Autorun x", "cobble.cfg:1: unknown directive 'Autorun'");
    assert_message("fo\x01\xFF bar", "cobble.cfg:1: unknown directive 'fo\?\?'");
}

static void test_malformed_autorun(void **state)
{
    (void)state;
    assert_refused("autorun", "?", "cobble.cfg:1: '': a guest's name is missing");
    assert_refused("\nautorun a#b/c", "a?b?c", "cobble.cfg:2: 'a#b/c': a guest's name has");
    assert_refused("autorun k expect=", "k", "cobble.cfg:1: 'expect=': not a number, crash");
    assert_refused("autorun k expect=maybe", "k", "cobble.cfg:1: 'expect=maybe': not a number");
    assert_refused("autorun k timeout=0", "k", "cobble.cfg:1: 'timeout=0': ");
    assert_refused("autorun k mem=5K", "k", "cobble.cfg:1: 'mem=5K': memory is");
    assert_refused("autorun k clock=slow", "k", "cobble.cfg:1: 'clock=slow': clock= is");
    assert_refused("autorun k output=x", "k", "cobble.cfg:1: 'output=x': not a size");
    assert_refused("autorun k type=\"\\q\"", "k", "cobble.cfg:1: unknown escape");
    assert_refused("autorun k type=\"x", "k", "cobble.cfg:1: a quoted text without");
    assert_refused("autorun k snapshot=a/b", "k", "cobble.cfg:1: 'snapshot=a/b': ");
    assert_refused("autorun k snapshot=", "k", "cobble.cfg:1: 'snapshot=': ");
    assert_refused("autorun k colour=red mem=5K", "k", "cobble.cfg:1: 'colour=red': unknown word");
    /* The first problem is told; the expectation counts wherever it stands. */
    assert_refused("autorun k colour=red expect=refused", "k", "cobble.cfg:1: 'colour=red': unknown word");
    assert_int_equal(config.autoruns[0].expect, CONFIG_EXPECT_REFUSED);
    read_text("autorun a\nautorun b mem=x\nautorun c\n");
    assert_int_equal(config.autorun_count, 3);
    assert_string_equal(config.autoruns[2].name, "c");
}

static void test_long_lines(void **state)
{
    static char text[3 * WORDS_BYTES];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "autorun k type=", 15);
    assert_refused(text, "k", "cobble.cfg:1: the line is longer than 4096 bytes");
    memcpy(text, "# comment      ", 15);
    memcpy(text + sizeof(text) - 20, "\nafter reboot\n#aaaa", 19);
    config_init(&config, get_room);
    config_read(&config, "cobble.cfg", text, strlen(text), false);
    assert_int_equal(config.after, CONFIG_AFTER_REBOOT);
    memset(text, 'y', 300);
    text[300] = '\0';
    assert_message(text, "cobble.cfg:1: unknown directive 'yyyyyyy");
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
    free(config.autoruns);
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

/* What was kept for one reading has room for the next. */
static void test_read_again(void **state)
{
    (void)state;
    read_text("type a b\nbad\n");
    const struct config_typing *typings = config.typings;
    read_text("type c dd\n");
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

/* Of files that were joined each brings its own, and a file may hold nothing else. */
static void test_byte_order_marks(void **state)
{
    (void)state;
    read_text("\xEF\xBB\xBF" "autorun a\n\xEF\xBB\xBF" "autorun b\n\xEF\xBB\xBF");
    assert_int_equal(config.autorun_count, 2);
    assert_int_equal(config.message_count, 0);
}

static void test_options(void **state)
{
    (void)state;
    read_options("autorun k type=\"a;b\\\";\" ; after=poweroff;together on;bad;");
    assert_int_equal(config.autorun_count, 1);
    assert_memory_equal(config.text + config.typings[0].text, "a;b\";", 5);
    assert_int_equal(config.after, CONFIG_AFTER_POWEROFF);
    assert_true(config.together);
    assert_int_equal(config.message_count, 1);
    assert_string_equal(config.messages[0], "load options:4: unknown directive 'bad'; known: autorun choice together "
                                            "after log tick escape type linger debug-print debug serial counted trace");
    /* An unclosed quote ends with its line. */
    read_options("type a \"x;y\nafter reboot");
    assert_int_equal(config.after, CONFIG_AFTER_REBOOT);
}

/* Lines of directives, broken at random: no fault under the sanitizers, and a plan never shrinks. */
static void test_random(void **state)
{
    static const char *const parts[] = {
        "autorun", "k", "expect=", "crash", "type=", "\"", "\\", "\n", " ", ";", "#",
        "\r", "77", "mem=", "M", "\0", "\xFF", "after", "poweroff", "timeout=", "tick", "s",
    };
    char text[400];

    (void)state;
    srand(3);
    for (int round = 0; round < 5000; round++) {
        size_t used = 0;
        for (unsigned i = 0; i < 40; i++) {
            const char *part = parts[(size_t)rand() % (sizeof(parts) / sizeof(parts[0]))];
            size_t length = *part == '\0' ? 1 : strlen(part);
            memcpy(text + used, part, length);
            used += length;
        }
        char *exact = malloc(used);
        memcpy(exact, text, used);
        config_init(&config, get_room);
        config_read(&config, "c", exact, used, round % 2 == 0);
        free(exact);
        for (unsigned i = 0; i < config.autorun_count; i++)
            assert_int_not_equal(config.autoruns[i].name[0], '\0');
        for (unsigned i = 0; i < config.message_count; i++)
            for (const char *c = config.messages[i]; *c != '\0'; c++)
                assert_in_range((uint8_t)*c, ' ', '~');
    }
}

static void read_choices(unsigned picked)
{
    static const char text[] = "log warn\nchoice \"One of them\"\nautorun one\nlog debug\nchoice Two\nautorun two\n"
                               "bogus\nchoice\nautorun nobody\n";
    config_init(&config, get_room);
    config.choice_picked = picked;
    config_read(&config, "c", text, sizeof(text) - 1, false);
    config_read(&config, "o", "tick 20ms", 9, true);
    assert_int_equal(config.choice_count, 2);
    assert_string_equal(config.choices[0], "One of them");
    assert_string_equal(config.choices[1], "Two");
    assert_int_equal(config.tick_ms, 20);
    assert_string_equal(config.messages[config.message_count - 1], "c:8: write: choice \"TITLE\"");
}

static void test_choices(void **state)
{
    (void)state;
    read_choices(0);
    assert_int_equal(config.autorun_count, 0);
    assert_int_equal(config.message_count, 1);
    assert_int_equal(config.log_level, LOG_WARN);
    read_choices(1);
    assert_int_equal(config.autorun_count, 1);
    assert_string_equal(config.autoruns[0].name, "one");
    assert_int_equal(config.log_level, LOG_DEBUG);
    read_choices(2);
    assert_string_equal(config.autoruns[0].name, "two");
    assert_int_equal(config.autorun_count, 1);
    assert_int_equal(config.message_count, 2);
    assert_int_equal(config.log_level, LOG_WARN);
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
        cmocka_unit_test(test_defaults),   cmocka_unit_test(test_refusals_full), cmocka_unit_test(test_example),
                  cmocka_unit_test(test_values),
        cmocka_unit_test(test_serial),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_malformed),  cmocka_unit_test(test_malformed_autorun), cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_long_plan),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_read_again),     cmocka_unit_test(test_text_room),         cmocka_unit_test(test_options),
        cmocka_unit_test(test_random),     cmocka_unit_test(test_byte_order_marks),
        cmocka_unit_test(test_choices),    cmocka_unit_test(test_too_many_choices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
