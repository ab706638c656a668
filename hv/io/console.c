/*
 * console.c - the list of consoles, the one in view, and what it shows.
 *
 * All screens show the same console, and keys go to it: changing the view is one assignment and a full redraw. Consoles
 * are in the order of their numbers, 0 the monitor's, which is always there: whoever is detached while in view leaves
 * the view to it. A walk over the list is as long as there are guests, some three instructions each.
 */
#include "io/console.h"

#include <stddef.h>

#include "base/format.h"
#include "base/string.h"
#include "io/framebuffer.h"
#include "io/screen.h"
#include "io/scrollback.h"
#include "io/serial.h"

#define ALL_ROWS ((1u << VCON_ROWS) - 1)
#define FLUSH_ROWS (2 * (VCON_ROWS + 1))    /* the frame that has begun, and a whole one */
#define NOT_SHOWN ~0u
#define PASS_ROWS 3             /* pixels of a whole screen would take as long as several turns of guests */

static struct console *consoles, *last_console;
struct console *console_shown;
static bool serial_used, help_shown;
static bool is_prefix_usual = true;

void console_init(const struct boot_framebuffer *description, void *framebuffer)
{
    framebuffer_init(description, framebuffer);
}

/* Bound: those with a higher number, or this one: mostly there are none. */
void console_attach(struct console *console)
{
    struct console *before = last_console;
    while (before && before->number >= console->number)
        before = before->previous;
    console->previous = before;
    console->next = before ? before->next : consoles;
    *(before ? &before->next : &consoles) = console;
    *(console->next ? &console->next->previous : &last_console) = console;
}

void console_detach(struct console *console)
{
    *(console->previous ? &console->previous->next : &consoles) = console->next;
    *(console->next ? &console->next->previous : &last_console) = console->previous;
    if (console_shown == console) {
        console_shown = NULL;
        if (consoles)
            console_view(consoles);
    }
}

/* Who looks for one most often wants one of the newest. Bound, here and below: all consoles, some four instructions. */
struct console *console_find(unsigned number)
{
    struct console *console = last_console;
    while (console && console->number > number)
        console = console->previous;
    return console && console->number == number ? console : NULL;
}

void console_view(struct console *console)
{
    console_shown = console;
    if (console)
        console->back = 0;
    if (console && console->viewed)
        console->viewed(console->owner);
    help_shown = false;
    screen_invalidate();
}

void console_use_serial(bool use)
{
    serial_used = use;
    screen_use_serial(use);
}

void console_view_position(unsigned position)
{
    struct console *console = consoles;
    while (console && position-- > 0)
        console = console->next;
    if (console)
        console_view(console);
}

void console_view_next(void)
{
    if (console_shown)
        console_view(console_shown->next ? console_shown->next : consoles);
}

void console_view_previous(void)
{
    struct console *console = consoles;
    while (console && console->next && console->next != console_shown)
        console = console->next;
    if (console)
        console_view(console);
}

static void scroll_to(unsigned back)
{
    if (console_shown->back == back)
        return;
    console_shown->back = back;
    screen_touch_rows(ALL_ROWS);
}

bool console_scroll_page(bool up)
{
    if (!console_shown || !console_shown->vcon.history)
        return false;
    scroll_to(scrollback_move(console_shown->vcon.history, console_shown->back, up));
    return true;
}

void console_scroll_end(void)
{
    if (console_shown)
        scroll_to(0);
}

void console_show_help(bool show)
{
    help_shown = show;
    if (show)
        screen_tell_status();
}

void console_tell_prefix(bool is_usual)
{
    is_prefix_usual = is_usual;
}

uint64_t console_next_ns(void)
{
    return screen_next_ns();
}

/* Output goes on below, but nobody should miss it: it ends looking back. */
static struct screen_view choose_view(struct console *console)
{
    static uint16_t earlier[VCON_ROWS][VCON_COLS];

    /* Dirty rows are the console's until somebody looks, and then the screen's, which draws a few at a time. */
    if (console->vcon.dirty_rows)
        scroll_to(0);
    screen_touch_rows(console->vcon.dirty_rows);
    console->vcon.dirty_rows = 0;
    if (console->back == 0)
        return (struct screen_view){ &console->vcon, NULL, console->vcon.row, console->vcon.column };
    unsigned count = scrollback_compose(console->vcon.history, console->back, earlier);
    for (unsigned row = count; row < VCON_ROWS; row++)
        vcon_read_row(&console->vcon, row - count, earlier[row]);
    return (struct screen_view){ &console->vcon, earlier[0], VCON_ROWS, VCON_COLS - 1 };
}

/* Whether anything that update_status shows is not what it was. */
static bool is_status_new(void)
{
    static struct {
        unsigned number, back, rows, help, serial;
        char state[sizeof(console_shown->state)];
    } shown = { .number = NOT_SHOWN };
    unsigned rows = console_shown->back ? scrollback_rows(console_shown->vcon.history) : 0;
    unsigned serial = serial_used + 2u * is_prefix_usual;

    if (shown.number == console_shown->number && shown.back == console_shown->back && shown.rows == rows &&
        shown.help == help_shown && shown.serial == serial &&
        memcmp(shown.state, console_shown->state, sizeof(shown.state)) == 0)
        return false;
    shown.number = console_shown->number;
    shown.back = console_shown->back;
    shown.rows = rows;
    shown.help = help_shown;
    shown.serial = serial;
    memcpy(shown.state, console_shown->state, sizeof(shown.state));
    return true;
}

/* In every pass, so it must cost little when there is nothing new. */
static void update_status(void)
{
    char text[VCON_COLS + 1];

    if (!is_status_new())
        return;
    if (help_shown)
        format_string(text, sizeof(text), " prefix then: 0-9 console, n next, p previous, m monitor, k kill, ? this");
    else if (console_shown->back)
        format_string(text, sizeof(text), " %u %-20s %u of %u rows back    Shift+PgUp, Shift+PgDn; any key ends it",
                      console_shown->number, console_shown->name, console_shown->back,
                      scrollback_rows(console_shown->vcon.history));
    else
        format_string(text, sizeof(text), " %u %-20s %-20s Alt+F1 monitor  %s", console_shown->number,
                      console_shown->name, console_shown->state,
                      serial_used && is_prefix_usual ? "Ctrl-] ? keys" : "");
    screen_set_status(text);
}

static bool draw(unsigned rows_max, uint64_t now_ns)
{
    if (!console_shown)
        return false;
    struct screen_view view = choose_view(console_shown);
    update_status();
    return screen_draw(&view, rows_max, now_ns);
}

bool console_output_pump(uint64_t now_ns)
{
    return draw(PASS_ROWS, now_ns);
}

void console_flush(unsigned limit_ms)
{
    bool waits = draw(FLUSH_ROWS, SCREEN_AT_ONCE);
    for (unsigned ms = 0; waits && ms < limit_ms; ms++) {
        serial_drain(1);
        waits = draw(FLUSH_ROWS, SCREEN_AT_ONCE);
    }
    if (limit_ms)
        serial_drain(limit_ms);
}
