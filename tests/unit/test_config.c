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

#include "io/screen.h"
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
    read_text("autorun vmlinuz engine=svm\nautorun vmlinuz engine=svm mem=24M");
    assert_int_equal(config.autoruns[0].memory_bytes, 64 << 20);
    assert_int_equal(config.autoruns[1].memory_bytes, 24 << 20);
    read_text("autorun k engine=moving\nautorun k moves=1 engine=moving\nautorun k engine=moving moves=1000000");
    assert_true(config.autoruns[0].equip.is_moving && config.autoruns[0].equip.moves == 0);
    assert_int_equal(config.autoruns[1].equip.moves, 1);
    assert_int_equal(config.autoruns[2].equip.moves, 1000000);
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

static void test_terminal(void **state)
{
    (void)state;
    read_text("");
    assert_int_equal(config.terminal_rows, SCREEN_ROWS);
    read_text("terminal 24\n");
    assert_int_equal(config.terminal_rows, 24);
    assert_int_equal(config.message_count, 0);
    read_text("terminal lines\nterminal 9\nterminal 27\nterminal ansi\n");
    assert_int_equal(config.terminal_rows, SCREEN_LINES);
    assert_int_equal(config.message_count, 3);
    assert_non_null(strstr(config.messages[0], "cobble.cfg:2: '9': terminal is lines"));
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
    read_text("autorun /guests/A.elf as=one as=two\nautorun A.elf\nautorun A.elf as=a/b\n");
    assert_string_equal(config.autoruns[0].name, "two");
    assert_string_equal(config_autorun_image(&config.autoruns[0]), "A.elf");
    assert_string_equal(config_autorun_image(&config.autoruns[1]), "A.elf");
    assert_true(config.autoruns[2].refused != NULL && strcmp(config.autoruns[2].name, "A.elf") == 0);
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
    assert_refused("autorun k moves=0 engine=moving", "k", "cobble.cfg:1: 'moves=0': moves= is a number from 1 to");
    assert_refused("autorun k moves=-1", "k", "cobble.cfg:1: 'moves=-1': moves= is a number from 1 to 1000000");
    assert_refused("autorun k moves=1000001", "k", "cobble.cfg:1: 'moves=1000001': moves= is a number from 1 to");
    assert_refused("autorun k moves=often", "k", "cobble.cfg:1: 'moves=often': moves= is a number from 1 to");
    assert_refused("autorun k moves=3 engine=svm", "k", "cobble.cfg:1: 'k': moves= is how often engine=moving");
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
                                            "after log tick escape type linger debug-print debug serial counted trace "
                                            "terminal");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_serial),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_malformed_autorun),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_byte_order_marks),
        cmocka_unit_test(test_choices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
