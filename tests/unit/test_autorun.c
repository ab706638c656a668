/*
 * test_autorun.c - monitor/autorun, finish and tap: whole plans against guests, a clock and a line made of paper.
 *
 * Each plan runs in a process of its own, because a machine runs one plan a boot: what fails there prints why and
 * exits. fake_plan.c stands for the layers under the monitor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "fake_plan.h"
#include "guest/request.h"
#include "monitor/autorun.h"
#include "monitor/config.h"
#include "monitor/tap.h"

#define ROOM_BYTES (1u << 21)   /* of a large frame */

static size_t line_bytes_a_step;
static unsigned pumps_at_once;  /* that were asked for */
static uint64_t most_written;   /* to the stream, in one pump */
static uint64_t killed_at_ns;   /* the first guest; 0: never */
static bool is_talkative, gets_room;
static struct config config;

static void *get_room(size_t bytes)
{
    return bytes <= CONFIG_TEXT_BYTES || (gets_room && bytes <= ROOM_BYTES) ? calloc(1, bytes) : NULL;
}

/* Run a plan to its end and return how the machine went on: 0 monitor, 1 off, 2 reset. */
static int run_plan(const char *text)
{
    config_init(&config, get_room);
    config_read(&config, "cobble.cfg", text, strlen(text), false);
    autorun_init(&config, "no GOP\nno RSDP\n");
    int after = setjmp(machine_off);
    if (after != 0)
        return after;
    for (int i = 0; i < 400000; i++) {
        uint64_t before = tap_count();
        line_room = line_bytes_a_step;
        if (!autorun_pump(now_ns))
            return 0;
        if (tap_count() - before > most_written)
            most_written = tap_count() - before;
        pumps_at_once += autorun_next_ns(now_ns) == now_ns;
        if (killed_at_ns != 0 && now_ns == killed_at_ns)
            request_end(&guests[0], false);
        (void)request_serve(GUESTS, 100 * GUESTS, now_ns);
        step_guests();
        now_ns += NS_PER_MS;
        if (is_talkative && now_ns % (5 * NS_PER_MS) == 0)
            log_info("another line");     /* at any time, also behind the last line, where it must not appear */
    }
    REQUIRE(stream_bytes == 0 && "the plan never ends");
    return -1;
}

static bool stream_has(const char *text)
{
    stream[stream_bytes] = '\0';
    return strstr(stream, text) != NULL;
}

/* The start of the stream's last line. */
static const char *last_line(void)
{
    stream[stream_bytes] = '\0';
    REQUIRE(stream[stream_bytes - 1] == '\n');
    size_t line = stream_bytes - 1;
    while (line > 0 && stream[line - 1] != '\n')
        line--;
    return stream + line;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void check_sequence(void)
{
    line_bytes_a_step = 1000;
    log_info("a line");
    int after = run_plan("nonsense\nautorun hello\nautorun seven\nautorun crash expect=crash\n"
                         "autorun spin expect=timeout timeout=100ms\nautorun bad expect=refused\nautorun nobody\n"
                         "autorun hello mem=5K\nafter poweroff");
    REQUIRE(after == 1);
    REQUIRE(exit_code == 0x11);
    REQUIRE(starts_with(stream, "\nTAP version 13\n1..7\n# Cobble test\n# cobble.cfg:1: unknown"));
    REQUIRE(stream_has("\n# loader: no GOP\n# loader: no RSDP\n# info: a line\n"));
    REQUIRE(stream_has("\n# hello| row 0 of hello\nok 1 - hello # exit 0 in 3 ms\n# seven| row 0 of seven\n"));
    REQUIRE(stream_has("\nnot ok 2 - seven\n  ---\n  expected: exit 0\n  got: exit 7\n  console: \"\"\n  ...\n"));
    REQUIRE(stream_has("\n# crash! what happened\n# crash!\n# crash! ok 1 - what to look at\nok 3 - crash # crash 0x"));
    REQUIRE(stream_has("\nok 4 - spin # timeout after 100 ms\nok 5 - bad # refused: not an ELF file\n"));
    REQUIRE(stream_has("\nnot ok 6 - nobody # refused: no guest of this name, neither in "));
    REQUIRE(stream_has("\nnot ok 7 - hello # refused: cobble.cfg:8: 'mem=5K': memory is "));
    REQUIRE(stream_has("\n# leaked frames: 0\n# cobble: done ok=4 not_ok=3 crashed=1 time_ms="));
    REQUIRE(starts_with(last_line(), "# cobble: done "));
    REQUIRE(dumps == 7);
    REQUIRE(released_count == guest_count);
    REQUIRE(!uses_serial);
}

/* A thousand, each with its verdict, in order, and none with another's. */
static void check_thousand_of(const char *first_line)
{
    static const char *const names[] = { "hello", "crash", "seven" };
    static char text[GUESTS * 32 + 32], verdict[64];
    size_t used = (size_t)snprintf(text, sizeof(text), "%s", first_line);

    gets_room = true;
    line_bytes_a_step = 1000;
    for (unsigned i = 0; i < GUESTS; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "autorun %s expect=%s\n", names[i % 3],
                                 i % 3 == 1 ? "crash" : i % 6 == 2 ? "7" : "0");
    REQUIRE(run_plan(text) == 0);
    REQUIRE(stream_has("\n1..1000\n"));
    const char *at = stream;
    for (unsigned i = 0; i < GUESTS; i++) {
        snprintf(verdict, sizeof(verdict), "\n%sok %u - %s", i % 6 == 5 ? "not " : "", i + 1, names[i % 3]);
        at = strstr(at, verdict);
        REQUIRE(at != NULL);
    }
    REQUIRE(stream_has("\n# leaked frames: 0\n# cobble: done ok=834 not_ok=166 crashed=333 time_ms="));
    REQUIRE(released_count == GUESTS);
}

static void check_thousand(void)
{
    check_thousand_of("");
}

static unsigned count_of(const char *text)
{
    unsigned count = 0;

    stream[stream_bytes] = '\0';
    for (const char *at = stream; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* All at once: a pump sees to some of them only, and every row and every end is seen to all the same. */
static void check_thousand_together(void)
{
    check_thousand_of("together on\n");
    REQUIRE(count_of("# hello| row 0 of hello\n") == 334);
    REQUIRE(count_of("# seven| row 1 of seven\n") == 333);
}

/*
 * More than a pump sees to have rows in each, and are before one more in the plan: it has its turn all the same, and
 * the pump that it waits for comes at once.
 */
static void check_rounds(void)
{
    enum { CHATTY = 70, PUMPS_LEAST = 80 };
    static char text[(CHATTY + 2) * 32];
    size_t used = (size_t)snprintf(text, sizeof(text), "together on\n");

    gets_room = true;
    line_bytes_a_step = 100000;
    for (unsigned i = 0; i < CHATTY; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "autorun chatty output=100\n");
    snprintf(text + used, sizeof(text) - used, "autorun hello\nafter poweroff");
    REQUIRE(run_plan(text) == 1);
    REQUIRE(stream_has("# hello| row 0 of hello\n") && stream_has("# chatty: 2997 rows dropped"));
    REQUIRE(strstr(stream, "# hello| row 0") < strstr(stream, "# chatty: 2997 rows dropped"));
    REQUIRE(pumps_at_once > PUMPS_LEAST);
}

/* Its time is not up, it prints nothing, and it ends all the same: the operator does that, in the midst of a look. */
static void check_killed(void)
{
    line_bytes_a_step = 1000;
    killed_at_ns = 30 * NS_PER_MS;
    REQUIRE(run_plan("together on\nautorun spin timeout=1000s\nautorun spin timeout=200ms clock=wall expect=timeout\n"
                     "after poweroff") == 1);
    REQUIRE(stream_has("\nnot ok 1 - spin\n  ---\n  expected: exit 0\n  got: killed after 30 ms\n"));
    REQUIRE(stream_has("\nok 2 - spin # timeout after 200 ms\n"));
}

/* Numbers stay in order although the first test ends last; nothing comes after the last line, not even a log line. */
static void check_together(void)
{
    line_bytes_a_step = 1000;
    logs_on_release = true;
    int after = run_plan("together on\nautorun seven expect=7\nautorun crash expect=0xdeadc0de\nautorun hello\n"
                         "after monitor");
    REQUIRE(after == 0);
    REQUIRE(guests[0].life.started_ns == guests[2].life.started_ns);
    const char *first = stream_has("\nok 1 - seven # exit 7 in 50 ms\n") ? strstr(stream, "\nok 1 - ") : NULL;
    const char *second = strstr(stream, "\nok 2 - crash # crash 0xdeadc0de in 20 ms\n");
    const char *third = strstr(stream, "\nok 3 - hello # exit 0 in 3 ms\n");
    REQUIRE(first != NULL && first < second && second < third);
    REQUIRE(strstr(stream, "# hello| ") < first);
    REQUIRE(stream_has("# info: released\n"));
    REQUIRE(starts_with(last_line(), "# cobble: done ok=3 not_ok=0 crashed=1 "));
    REQUIRE(uses_serial);
}

/* Neither guest gets the processor for 50 ms: by default that is not its fault. */
static void check_waiting(void)
{
    line_bytes_a_step = 1000;
    int after = run_plan("autorun seven expect=7 timeout=10ms\nautorun seven expect=timeout timeout=10ms clock=wall\n"
                         "together on\nafter poweroff");
    REQUIRE(after == 1);
    REQUIRE(stream_has("\nok 1 - seven # exit 7 in 50 ms\n"));
    REQUIRE(stream_has("\nok 2 - seven # timeout after 10 ms\n"));
}

/* Asked for by the directive or by the line, which wins. */
static void check_debug_print(void)
{
    line_bytes_a_step = 1000;
    REQUIRE(run_plan("autorun seven expect=7 debug-print=off\nautorun hello\ndebug-print on\nafter poweroff") == 1);
    REQUIRE(stream_has("\n# hello? ok 1 - \u25D9shy\n# hello| row 0 of hello\nok 2 - hello"));
    REQUIRE(!stream_has("# seven?"));
}

static void check_debug_print_limit(void)
{
    line_bytes_a_step = 1000;
    REQUIRE(run_plan("autorun hello debug-print=on output=10\nautorun hello strict=on trace=on\nafter poweroff") == 1);
    REQUIRE(!is_strict[0] && is_strict[1] && !is_traced[0] && is_traced[1]);
    REQUIRE(!keeps_rows[0] && !keeps_rows[1]);
    REQUIRE(stream_has("\n# hello: 2 rows dropped, more than output=10 bytes\nok 1 - hello"));
    REQUIRE(!stream_has("# hello?"));
}

/* Rows count although output= keeps them out; a frame for each judged test comes back; refusals have their reason. */
static void check_match(void)
{
    line_bytes_a_step = 1000;
    REQUIRE(run_plan("autorun hello match=\"row 0 of hello\" output=1\nautorun seven expect=7 match!=\"row 1\"\n"
                     "autorun hello match=missing debug-print=on\nautorun hello console=want.txt\n"
                     "autorun hello console=nowhere.txt\nautorun seven console=wide\nafter poweroff") == 1);
    REQUIRE(stream_has("\nok 1 - hello # exit 0"));
    REQUIRE(stream_has("\nnot ok 2 - seven\n  ---\n  expected: exit 7\n  got: exit 7\n  differences: |\n"
                       "    |expected no row with: row 1\n    |seen:                 row 1 of seven\n  console: "));
    REQUIRE(stream_has("\nnot ok 3 - hello\n  ---\n  expected: exit 0\n  got: exit 0\n  differences: |\n"
                       "    |expected a row with: missing\n    |seen: no row like it \n  console: "));
    REQUIRE(stream_has("\nnot ok 4 - hello\n  ---\n  expected: exit 0\n  got: exit 0\n  differences: |\n"
                       "    |row 1 expected: wanted\n    |row 1 seen:     \n  console: "));
    REQUIRE(stream_has("\nnot ok 5 - hello # refused: console=nowhere.txt: no file of this name, in "));
    REQUIRE(stream_has("\nnot ok 6 - seven # refused: console=wide: a line has more than 80 characters\n"));
    REQUIRE(stream_has("\n# leaked frames: 0\n"));
    REQUIRE(judging_frames == 0 && judged == 6);
}

static void check_seed(void)
{
    line_bytes_a_step = 1000;
    REQUIRE(run_plan("tick 20ms\nautorun hello\nautorun hello seed=7\nautorun hello seed=0\nafter poweroff") == 1);
    REQUIRE(guests[0].state.clock.seed == 0 && guests[1].state.clock.seed == 7);
    REQUIRE(uses_run_loop);
    REQUIRE(stream_has("\nnot ok 3 - hello # refused: cobble.cfg:4: 'seed=0': seed= is a number from 1 to 4294967295"));
}

static void check_no_seed(void)
{
    line_bytes_a_step = 1000;
    REQUIRE(run_plan("autorun hello\nafter poweroff") == 1);
    REQUIRE(!uses_run_loop);
}

static void check_leak(void)
{
    line_bytes_a_step = 1000;
    leak = 3;
    REQUIRE(run_plan("autorun hello\nafter poweroff") == 1);
    REQUIRE(stream_has("\n# leaked frames: 3\n# cobble: done ok=1 not_ok=0 "));
    REQUIRE(exit_code == 0x11);
}

/* No memory for what it prints: it is refused, ended and let go, and the plan goes on. */
static void check_no_row_log(void)
{
    line_bytes_a_step = 1000;
    REQUIRE(run_plan("autorun mute expect=refused\nautorun mute\nautorun hello\nafter poweroff") == 1);
    REQUIRE(stream_has("\nok 1 - mute # refused: not enough free memory for the rows that it prints\n"));
    REQUIRE(stream_has("\nnot ok 2 - mute # refused: not enough free memory for the rows that it prints\n"
                       "# hello| row 0 of hello\nok 3 - hello # exit 0"));
    REQUIRE(released_count == 3 && guests[0].life.activity == GUEST_ENDED);
}

/* Rows that scroll off are kept where somebody can look at them. */
static void check_rows_kept(void)
{
    line_bytes_a_step = 1000;
    REQUIRE(run_plan("autorun hello\nafter monitor") == 0);
    REQUIRE(keeps_rows[0]);
}

static void check_reboot(void)
{
    line_bytes_a_step = 1000;
    REQUIRE(run_plan("autorun hello\nafter reboot") == 2);
    REQUIRE(exit_code == 0);
}

static void check_all_ok(void)
{
    line_bytes_a_step = 1000;
    REQUIRE(run_plan("autorun hello\nafter poweroff\nlinger 2s") == 1);
    REQUIRE(exit_code == 0x10);
    REQUIRE(now_ns >= 2000 * NS_PER_MS);
}

/* Eleven bytes a millisecond is what 115200 baud give: every line is whole, and none is lost. */
static void check_slow_line(void)
{
    unsigned rows = 0;

    line_bytes_a_step = 11;
    is_talkative = true;
    REQUIRE(run_plan("together on\nautorun chatty\nautorun seven expect=7\nautorun chatty\nafter poweroff") == 1);
    REQUIRE(exit_code == 0x10);
    REQUIRE(stream_has("# chatty| row 2999 of chatty\n"));
    for (const char *line = stream + 1; *line != '\0'; line = strchr(line, '\n') + 1) {
        REQUIRE(starts_with(line, "# ") || starts_with(line, "ok ") || starts_with(line, "TAP ") ||
                starts_with(line, "1.."));
        rows += starts_with(line, "# chatty| row ") ? 1 : 0;
    }
    REQUIRE(rows == 6000);
    REQUIRE(starts_with(last_line(), "# cobble: done "));
}

static void check_output_limit(void)
{
    unsigned rows = 0;

    line_bytes_a_step = 100000;
    REQUIRE(run_plan("autorun chatty output=100\nafter poweroff") == 1);
    stream[stream_bytes] = '\0';
    for (const char *row = stream; (row = strstr(row, "# chatty| ")) != NULL; row++)
        rows++;
    REQUIRE(rows == 3);     /* of 26 bytes each */
    REQUIRE(stream_has("\n# chatty: 2997 rows dropped, more than output=100 bytes\nok 1 - chatty"));
}

/* Nobody waits for more than a piece of it: verdicts that wait for the first one, each of some 300 bytes, and rows. */
static void check_pieces(void)
{
    static const char verdict[] = "autorun crash match=\"a text that no row of any guest's console has, however long "
                                  "one looks for it there\"\n";
    static char text[4096];
    size_t used = (size_t)snprintf(text, sizeof(text), "together on\nafter poweroff\n"
                                   "autorun spin timeout=100ms clock=wall\n");

    for (unsigned i = 0; i < 20; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", verdict);
    line_bytes_a_step = 100000;
    REQUIRE(run_plan(text) == 1);
    REQUIRE(stream_has("\nnot ok 21 - crash\n"));
    REQUIRE(most_written > 4096 && most_written < 4096 + 400);
}

static void check_pieces_of_rows(void)
{
    static char text[1024] = "together on\nafter poweroff\n";

    for (unsigned i = 0; i < 10; i++)
        strcat(text, "autorun chatty\n");
    line_bytes_a_step = 100000;
    REQUIRE(run_plan(text) == 1);
    REQUIRE(most_written > 4096 && most_written < 4096 + 2000);
}

static void run_check(void (*check)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        check();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define CHECKS(X)                                                                  \
    X(sequence) X(thousand) X(thousand_together) X(rounds) X(killed) X(together) X(waiting) \
    X(debug_print) X(debug_print_limit) X(match)                                         \
    X(seed) X(no_seed) X(leak) X(no_row_log) X(rows_kept) X(reboot) X(all_ok) X(slow_line) X(output_limit) X(pieces) \
    X(pieces_of_rows)

#define X(name)                           \
    static void test_##name(void **state) \
    {                                     \
        (void)state;                      \
        run_check(check_##name);          \
    }
CHECKS(X)
#undef X

int main(void)
{
    const struct CMUnitTest tests[] = {
#define X(name) cmocka_unit_test(test_##name),
        CHECKS(X)
#undef X
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
