/*
 * commands.c - the table of the monitor's commands, and those that concern the whole machine.
 */
#include "monitor/commands.h"

#include "base/format.h"
#include "base/frames.h"
#include "base/log.h"
#include "base/string.h"
#include "base/text.h"
#include "cpu/insn.h"
#include "guest/guest.h"
#include "io/console.h"
#include "io/power.h"
#include "io/screen.h"
#include "irq/timer.h"
#include "monitor/commands_guest.h"
#include "monitor/commands_list.h"
#include "monitor/commands_memory.h"
#include "monitor/commands_trace.h"
#include "monitor/config.h"
#include "monitor/diag.h"
#include "monitor/loop_figures.h"
#include "monitor/room.h"
#include "monitor/shell_output.h"
#include "monitor/top.h"
#include "monitor/trace_channel.h"

#define FLUSH_MS 1000
#define NS_PER_MS 1000000u
#define USAGE_COLUMNS 24
#define NS_PER_US 1000u

static void do_help(const struct words *words, uint64_t now_ns);

static void print_memory_use(void)
{
    uint64_t promised_kib = 0, touched_kib = 0;
    unsigned running = 0;
    unsigned ended = 0;

    for (const struct guest *guest = guest_first(); guest != NULL; guest = guest->next) {
        bool has_ended = guest->life.activity == GUEST_ENDED;
        running += has_ended ? 0 : 1;
        ended += has_ended ? 1 : 0;
        promised_kib += has_ended ? 0 : guest->ram.bytes / 1024;
        touched_kib += has_ended ? 0 : guest->ram.backed_count * (uint64_t)(PAGE_SIZE / 1024);
    }
    unsigned long long total = frames_count_total();
    unsigned long long free = frames_count_free();
    shell_print("%-16s %10llu KiB  %8llu frames", "usable RAM", total * 4, total);
    shell_print("%-16s %10llu KiB  %8llu frames", "free", free * 4, free);
    shell_print("%-16s %10llu KiB  %8llu frames", "in use", (total - free) * 4, total - free);
    shell_print("%-16s %10llu KiB  the monitor's own: rows and configuration", "of that",
                (unsigned long long)room_frames_held() * 4);
    shell_print("%-16s %10llu KiB  RAM touched by %u guests; %u ended keep a console", "of that",
                (unsigned long long)touched_kib, running, ended);
    shell_print("%-16s %10llu KiB  their RAM in all, backed when they touch it", "promised",
                (unsigned long long)promised_kib);
}

static void do_mem(const struct words *words, uint64_t now_ns)
{
    if (words->count > 1)
        commands_memory_dump(words, now_ns);
    else
        print_memory_use();
}

static void print_figures(uint64_t now_ns)
{
    struct figures figures = figures_take(now_ns);

    shell_print("last %llu ms: %llu turns of guests, %llu idle wake-ups, %llu keys for guests",
                (unsigned long long)(now_ns - figures.since_ns) / NS_PER_MS, (unsigned long long)figures.turns,
                (unsigned long long)figures.idle_wakes, (unsigned long long)figures.keys);
    shell_print("worst: %llu us to see an interrupt, %llu us from there to a key's guest",
                (unsigned long long)figures.late_worst_ns / NS_PER_US,
                (unsigned long long)figures.key_worst_ns / NS_PER_US);
    uint64_t tsc = insn_rdtsc();
    shell_print("       %llu us to draw a picture",
                (unsigned long long)(timer_ns_at(tsc) - timer_ns_at(tsc - screen_take_worst_frame())) / NS_PER_US);
}

static void do_info(const struct words *words, uint64_t now_ns)
{
    if (words->count > 1)
        commands_guest_info(words, now_ns);
    else
        print_figures(now_ns);
}

static void do_log(const struct words *words, uint64_t now_ns)
{
    (void)now_ns;
    if (words->count > 1) {
        int level = log_level_parse(words->word[1]);
        if (level < 0) {
            shell_print("log: '%.40s' is no level; levels are error, warn, info and debug", words->word[1]);
            return;
        }
        log_set_level((enum log_level)level);
    }
    const char *figure;
    for (unsigned i = 0; words->count == 1 && (figure = log_kept_figure(i)) != NULL; i++)
        shell_print("%s", figure);
    shell_print("log level %s", log_level_name(log_get_level()));
}

static void tell_terminal(const struct words *words, uint64_t now_ns)
{
    uint8_t rows = (uint8_t)screen_terminal();
    const char *wrong = words->count > 1 ? config_parse_terminal(words->word[1], &rows) : NULL;

    (void)now_ns;
    if (wrong != NULL)
        shell_print("terminal: '%.40s': %s", words->word[1], wrong);
    else if (rows != screen_terminal())
        screen_set_terminal(rows);
    if (screen_terminal() == SCREEN_LINES)
        shell_print("the serial terminal only adds lines");
    else
        shell_print("the serial terminal has %u rows, by ANSI sequences", screen_terminal());
}

static void do_diag(const struct words *words, uint64_t now_ns)
{
    (void)words, (void)now_ns;
    diag_show();
}

static void do_top(const struct words *words, uint64_t now_ns)
{
    (void)words;
    top_begin(now_ns);
}

static void do_clear(const struct words *words, uint64_t now_ns)
{
    (void)words, (void)now_ns;
    shell_clear();
}

static void do_reboot(const struct words *words, uint64_t now_ns)
{
    (void)words, (void)now_ns;
    shell_print("restarting the machine");
    console_flush(FLUSH_MS);
    power_reset();
}

static void do_poweroff(const struct words *words, uint64_t now_ns)
{
    (void)words, (void)now_ns;
    shell_print("switching the machine off");
    trace_channel_send_all();
    console_flush(FLUSH_MS);
    power_off();
}

static const struct command {
    const char *name;
    const char *arguments;
    const char *help;
    enum commands_argument argument;
    unsigned words_min, words_max;      /* with the command itself */
    void (*run)(const struct words *words, uint64_t now_ns);
} commands[] = {
    { "help", "[COMMAND]", "list the commands, or tell about one", COMMANDS_COMMAND, 1, 2, do_help },
    { "ls", "[PATTERN]", "list the guests that can be run; * and ? as in names of files", COMMANDS_IMAGE, 1, 2,
      commands_list_images },
    { "run", "NAME [mem=24M] [as=NAME] [debug-print=on] [strict] [trace] [&]\n"
      "      [control [children=16] [memory=384M]]\n"
      "      [engine=interp|svm|moving [moves=N] [clock=instructions]\n"
      "       [disk=F]... [initrd=F] [cmdline=C] [input=serial]]",
      "run a guest and watch it; &: in the background",
      COMMANDS_IMAGE, 2, 16, commands_guest_run },
    { "ps", "", "list guests, with those that ended lately", COMMANDS_NOTHING, 1, 1, commands_list_guests },
    { "top", "", "who uses the processor, and for what, live; q ends it", COMMANDS_NOTHING, 1, 1, do_top },
    { "pause", "ID", "stop giving a guest the processor", COMMANDS_GUEST, 2, 2, commands_guest_pause },
    { "resume", "ID", "give it the processor again", COMMANDS_GUEST, 2, 2, commands_guest_resume },
    { "restart", "ID", "end a guest and run its image anew", COMMANDS_GUEST, 2, 2, commands_guest_restart },
    { "adopt", "ID", "take a guest over from the guest that started it", COMMANDS_GUEST, 2, 2,
      commands_guest_adopt },
    { "clone", "ID", "copy a guest, running or paused: both go on", COMMANDS_GUEST, 2, 2, commands_guest_clone },
    { "snapshot", "ID NAME", "keep a copy, which run NAME then begins from", COMMANDS_GUEST, 3, 3,
      commands_guest_snapshot },
    { "kill", "ID", "end a guest", COMMANDS_GUEST, 2, 2, commands_guest_kill },
    { "wait", "ID", "wait until a guest ends; Ctrl-C stops waiting", COMMANDS_GUEST, 2, 2, commands_guest_wait },
    { "console", "ID", "show a guest's console; 0 is this one", COMMANDS_GUEST, 2, 2, commands_guest_console },
    { "info", "[ID]", "registers and counts of a guest, or of the run loop", COMMANDS_GUEST, 1, 2,
      do_info },
    { "trace", "ID [on|off]", "what a guest did last, event by event, once trace ID on has begun it", COMMANDS_GUEST,
      2, 3, commands_trace },
    { "diag", "", "one page on this machine, for a photograph", COMMANDS_NOTHING, 1, 1, do_diag },
    { "mem", "[ID ADDRESS [COUNT]]", "how much memory there is, and who has it; or bytes of a guest's",
      COMMANDS_GUEST, 1, 4, do_mem },
    { "walk", "ID ADDRESS", "page tables of an address: the guest's, and what became of them", COMMANDS_GUEST, 3, 3,
      commands_memory_walk },
    { "log", "[LEVEL]", "figures of the start; LEVEL: error, warn, info, debug", COMMANDS_LEVEL, 1, 2, do_log },
    { "terminal", "[ROWS|lines]", "what the serial terminal is: its rows, or one that only adds lines",
      COMMANDS_NOTHING, 1, 2, tell_terminal },
    { "clear", "", "clear this console", COMMANDS_NOTHING, 1, 1, do_clear },
    { "reboot", "", "restart the machine", COMMANDS_NOTHING, 1, 1, do_reboot },
    { "poweroff", "", "switch the machine off", COMMANDS_NOTHING, 1, 1, do_poweroff },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    shell_print("'%.40s' is no command; help lists them", name);
    return NULL;
}

static void do_help(const struct words *words, uint64_t now_ns)
{
    const struct command *only = words->count > 1 ? find_command(words->word[1]) : NULL;
    char usage[40];

    (void)now_ns;
    if (words->count > 1 && only == NULL)
        return;
    for (const struct command *command = commands; command < commands + COMMAND_COUNT; command++) {
        if (only != NULL && command != only)
            continue;
        format_string(usage, sizeof(usage), "%s %s", command->name, command->arguments);
        if (strlen(usage) <= USAGE_COLUMNS)
            shell_print("  %-24s %s", usage, command->help);
        else
            shell_print("  %s %s\n  %-24s %s", command->name, command->arguments, "", command->help);
    }
    if (only == NULL)
        shell_print("Tab completes, Up brings earlier lines back, Alt+F1 or Ctrl-] 0 comes back here");
}

void commands_run(const char *line, uint64_t now_ns)
{
    static struct words words;
    const char *wrong = words_split(&words, line, strlen(line));

    if (wrong != NULL) {
        shell_print("%s", wrong);
        return;
    }
    const struct command *command = words.count > 0 ? find_command(words.word[0]) : NULL;
    if (command == NULL)
        return;
    if (words.count < command->words_min || words.count > command->words_max) {
        const char *surplus = words.count > command->words_max ? words.word[command->words_max] : NULL;
        shell_print("%s: %s%.40s%s; write: %s %s", command->name, surplus != NULL ? "'" : "",
                    surplus != NULL ? surplus : "an argument is missing", surplus != NULL ? "' is too much" : "",
                    command->name, command->arguments);
        return;
    }
    command->run(&words, now_ns);
}

void commands_offer(void (*offer)(const char *name))
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        offer(commands[i].name);
}

enum commands_argument commands_argument(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].argument;
    }
    return COMMANDS_NOTHING;
}
