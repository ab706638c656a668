/*
 * monitor.c - console 0 from boot on: read the configuration, then run the plan or talk to the operator.
 *
 * A plan (autoruns in cobble.cfg) owns the serial line for its stream, and the operator's messages with it; when it
 * ends with "after monitor", or there is none, the serial line is the operator's terminal. monitor_pump is what the run
 * loop calls: each part does what is due and says by its next_ns when it wants to be called again.
 */
#include "monitor/monitor.h"

#include "base/addr.h"
#include "base/boot_phases.h"
#include "base/log.h"
#include "base/string.h"
#include "io/console.h"
#include "io/input.h"
#include "io/screen.h"
#include "io/serial.h"
#include "monitor/autorun.h"
#include "monitor/config.h"
#include "monitor/debugger.h"
#include "monitor/diag.h"
#include "monitor/jobs.h"
#include "monitor/menu.h"
#include "monitor/room.h"
#include "guest/images.h"
#include "monitor/shell.h"
#include "monitor/shell_output.h"
#include "monitor/tap.h"
#include "monitor/top.h"
#include "monitor/trace_channel.h"
#include "monitor/typist.h"
#include "monitor/welcome.h"

#define NS_PER_MS 1000000ull

static struct config config;
static const struct boot_info *boot_info;
static bool has_plan;           /* autoruns are going on */
static bool has_menu;           /* choices are shown, and none is picked so far */

/* choice: the one whose lines count, too; 0: none. */
static void read_config(const struct boot_info *info, unsigned choice)
{
    config_init(&config, room_take);
    config.choice_picked = choice;
    if (info->config != 0)
        config_read(&config, "cobble.cfg", hpa_to_ptr(HPA(info->config)), info->config_size, false);
    if (info->options != 0)
        config_read(&config, "load options", hpa_to_ptr(HPA(info->options)), info->options_size, true);
    log_set_level(config.log_level);
    if (config.counted)
        boot_phases_hide_firmware();
}

/* The operator knows where the cable is: nothing has been sent anywhere else so far. */
static void place_serial(void)
{
    if (config.serial_port == 0)
        return;
    serial_init_at(config.serial_port);
    serial_set_isa_irq(config.serial_port, config.serial_irq);
    if (serial_port() != config.serial_port)
        log_warn("serial %#x: no UART answers there", config.serial_port);
}

/* In a plan these go to the stream, and stay off the screen. */
static void print_messages(const char *loader_notes)
{
    for (unsigned i = 0; i < config.message_count; i++)
        shell_print("%s", config.messages[i]);
    if (config.messages_dropped != 0)
        shell_print("cobble.cfg: %llu more messages", (unsigned long long)config.messages_dropped);
    if (loader_notes[0] != '\0')
        shell_print("loader: %.*s", (int)strnlen(loader_notes, 512), loader_notes);
}

/* Do what the configuration says, now that all of it is known. */
static void begin_as_told(const struct boot_info *info)
{
    input_set_escape(config.escape);
    screen_set_terminal(config.terminal_rows);
    jobs_init(config.debug_print, config.trace);
    trace_channel_init();
    typist_init(&config);
    debugger_init(config.debug);
    has_plan = config.autorun_count != 0;
    if (has_plan) {
        input_use_serial(false);
        shell_print("Cobble %s", COBBLE_VERSION);
        autorun_init(&config, info->loader_notes);
        return;
    }
    input_use_serial(true);
    welcome_show();
    print_messages(info->loader_notes);
    typist_type_to_monitor(shell_console());
}

void monitor_init(const struct boot_info *info)
{
    boot_info = info;
    images_init(info, room_take_page);
    diag_init(info);
    read_config(info, 0);
    place_serial();
    shell_init();
    has_menu = config.choice_count != 0 && config.autorun_count == 0;
    if (has_menu) {
        input_use_serial(true);
        menu_show(&config);
    } else {
        begin_as_told(info);
    }
}

/* True when a choice has just been picked, or there are none. */
static bool is_picked(uint64_t now_ns)
{
    int picked = has_menu ? menu_pump(now_ns) : 0;

    if (has_menu && picked >= 0) {
        has_menu = false;
        read_config(boot_info, (unsigned)picked);
        begin_as_told(boot_info);
    }
    return picked >= 0;
}

static void print_log_lines(void)
{
    char line[256];

    for (int level; (level = log_take(line, sizeof(line))) >= 0;)
        if (level != LOG_FIGURE || log_get_level() == LOG_DEBUG)
            shell_print("%s: %s", log_level_name((enum log_level)level), line);
}

void monitor_pump(uint64_t now_ns)
{
    if (!is_picked(now_ns))
        return;
    if (has_plan && !autorun_pump(now_ns)) {
        has_plan = false;
        console_view(shell_console());
        welcome_show();
    }
    if (!has_plan && !shell_shows_picture())
        print_log_lines();
    debugger_pump();
    trace_channel_pump();
    typist_pump(now_ns);
    jobs_pump();
    shell_pump(now_ns);
}

uint64_t monitor_next_ns(uint64_t now_ns)
{
    if (has_menu)
        return menu_next_ns(now_ns);
    uint64_t typist_ns = typist_next_ns();
    uint64_t plan_ns = has_plan ? autorun_next_ns(now_ns) : UINT64_MAX;
    uint64_t debugger_ns = debugger_next_ns(now_ns);

    plan_ns = debugger_ns < plan_ns ? debugger_ns : plan_ns;
    plan_ns = trace_channel_waits() || shell_waits() ? now_ns : plan_ns;
    plan_ns = top_next_ns() < plan_ns ? top_next_ns() : plan_ns;
    return typist_ns < plan_ns ? typist_ns : plan_ns;
}

uint32_t monitor_tick_ms(void)
{
    return config.tick_ms;
}
