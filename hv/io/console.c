/*
 * console.c - the list of consoles, the one in view, and who gets the keys.
 */
#include "io/console.h"

#include <stddef.h>

#include "base/format.h"
#include "base/string.h"
#include "io/framebuffer.h"
#include "io/keymap.h"
#include "io/ps2.h"
#include "io/screen.h"
#include "io/scrollback.h"
#include "io/serial.h"
#include "io/serialkeys.h"
#include "pebpeb.h"

#define ESCAPE_DEFAULT 0x1D     /* Ctrl-] */
#define ALL_ROWS ((1u << VCON_ROWS) - 1)
#define FLUSH_ROWS (2 * (VCON_ROWS + 1))    /* the frame that has begun, and a whole one */
#define NOT_SHOWN ~0u
#define PASS_ROWS 3             /* pixels of a whole screen would take as long as several turns of guests */
#define INPUT_BYTES_MAX 256     /* a pass: a stuck line must not hold up the guests */

static struct console *consoles;
static struct console *in_view;
static struct keymap keymap;
static struct serialkeys serialkeys;
static uint8_t escape = ESCAPE_DEFAULT;
static uint64_t input_ns;       /* of the pass that looks at input now */
static bool serial_used, after_escape, help_shown;
static uint32_t locks_shown;    /* lock bits that the keyboard's LEDs were told */
static uint32_t swallowed;      /* raw code of a switching key whose break must not reach the console */
static enum keymap_page swallowed_page;     /* the same of a key that scrolled */

void console_init(const struct boot_framebuffer *description, void *framebuffer)
{
    framebuffer_init(description, framebuffer);
    keymap_init(&keymap);
    serialkeys_init(&serialkeys);
}

void console_attach(struct console *console)
{
    struct console **link = &consoles;
    while (*link && (*link)->number < console->number)
        link = &(*link)->next;
    console->next = *link;
    *link = console;
}

void console_detach(struct console *console)
{
    struct console **link = &consoles;
    while (*link && *link != console)
        link = &(*link)->next;
    if (*link)
        *link = console->next;
    if (in_view == console) {
        in_view = NULL;
        if (consoles)
            console_view(consoles);
    }
}

void console_view(struct console *console)
{
    in_view = console;
    if (console)
        console->back = 0;
    help_shown = false;
    screen_invalidate();
}

struct console *console_in_view(void)
{
    return in_view;
}

void console_use_serial(bool use)
{
    serial_used = use;
    after_escape = false;
    serialkeys_init(&serialkeys);
    screen_use_serial(use);
}

void console_set_escape(uint8_t control)
{
    escape = control;
}

/* The monitor is 0; guests count from 1 in the order of their IDs, whatever these are. */
static void view_by_position(unsigned position)
{
    struct console *console = consoles;
    while (console && position-- > 0)
        console = console->next;
    if (console)
        console_view(console);
}

static void view_next(void)
{
    if (in_view)
        console_view(in_view->next ? in_view->next : consoles);
}

static void view_previous(void)
{
    struct console *console = consoles;
    while (console && console->next && console->next != in_view)
        console = console->next;
    if (console)
        console_view(console);
}

/* Alt+F1 .. Alt+F12. True: the key was ours. */
static bool is_switch_key(uint32_t word)
{
    uint32_t raw = (word & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT;

    if (raw < HV_KEYCODE_F1 || raw > HV_KEYCODE_F1 + 11)
        return false;
    if (!(word & HV_KEY_MAKE)) {
        bool ours = swallowed == raw;
        swallowed = ours ? 0 : swallowed;
        return ours;
    }
    if (!(word & (HV_KEY_LALT | HV_KEY_RALT)))
        return false;
    swallowed = raw;
    view_by_position(raw - HV_KEYCODE_F1);
    return true;
}

static void scroll_to(unsigned back)
{
    if (in_view->back == back)
        return;
    in_view->back = back;
    screen_touch_rows(ALL_ROWS);
}

/* Shift+PgUp and Shift+PgDn where rows are kept. True: the key was ours. */
static bool is_scroll_key(uint32_t word, enum keymap_page page)
{
    if (page == KEYMAP_NO_PAGE)
        return false;
    if (!(word & HV_KEY_MAKE)) {
        bool ours = swallowed_page == page;
        swallowed_page = ours ? KEYMAP_NO_PAGE : swallowed_page;
        return ours;
    }
    if (!(word & (HV_KEY_LSHIFT | HV_KEY_RSHIFT)) || !in_view || !in_view->vcon.history)
        return false;
    swallowed_page = page;
    scroll_to(scrollback_move(in_view->vcon.history, in_view->back, page == KEYMAP_PAGE_UP));
    return true;
}

/* page: the page key that this word is of, if it is of one. Any other key but a modifier ends looking back. */
static void give_key(uint32_t word, enum keymap_page page)
{
    if (is_switch_key(word) || is_scroll_key(word, page) || !in_view)
        return;
    if (word & HV_KEY_MAKE && !keymap_is_modifier((word & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT))
        scroll_to(0);
    if (in_view->key_ns == 0)
        in_view->key_ns = input_ns;
    if (in_view->key)
        in_view->key(in_view->owner, word);
}

static enum keymap_page page_of_serial(uint32_t word)
{
    bool undefined = (word & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT == HV_KEYCODE_UNDEFINED;
    return undefined ? serialkeys.page : KEYMAP_NO_PAGE;
}

static void give_serial_byte(uint8_t byte, uint64_t now_ns)
{
    uint32_t words[SERIALKEYS_MAX];
    unsigned count = serialkeys_byte(&serialkeys, byte, now_ns, words);
    for (unsigned i = 0; i < count; i++)
        give_key(words[i], page_of_serial(words[i]));
}

/* The byte behind the prefix; anything that means nothing is dropped. */
static void take_command(uint8_t byte, uint64_t now_ns)
{
    help_shown = false;
    if (byte == escape)
        give_serial_byte(byte, now_ns);
    else if (byte >= '0' && byte <= '9')
        view_by_position(byte - '0');
    else if (byte == 'n')
        view_next();
    else if (byte == 'p')
        view_previous();
    else if (byte == 'm')
        view_by_position(0);
    else if (byte == 'k' && in_view && in_view->kill)
        in_view->kill(in_view->owner);
    else if (byte == '?')
        help_shown = true;
}

static void show_locks(uint32_t locks)
{
    if (locks == locks_shown)
        return;
    locks_shown = locks;
    ps2_set_leds(locks & HV_KEY_NUMLOCK, locks & HV_KEY_CAPSLOCK);
}

static void pump_keyboard(void)
{
    uint32_t word;
    int byte;

    for (unsigned i = 0; i < INPUT_BYTES_MAX && (byte = ps2_read()) >= 0; i++)
        if (keymap_scancode(&keymap, (uint8_t)byte, &word))
            give_key(word, keymap.page);
    show_locks(keymap.state & (HV_KEY_NUMLOCK | HV_KEY_CAPSLOCK));
}

static void pump_serial(uint64_t now_ns)
{
    uint32_t words[SERIALKEYS_MAX];
    int byte;

    for (unsigned i = 0; i < INPUT_BYTES_MAX && (byte = serial_rx()) >= 0; i++) {
        if (after_escape) {
            after_escape = false;
            take_command((uint8_t)byte, now_ns);
        } else if (byte == escape) {
            after_escape = true;
        } else {
            give_serial_byte((uint8_t)byte, now_ns);
        }
    }
    unsigned count = serialkeys_flush(&serialkeys, now_ns, words);
    for (unsigned i = 0; i < count; i++)
        give_key(words[i], KEYMAP_NO_PAGE);
}

void console_input_pump(uint64_t now_ns)
{
    input_ns = now_ns;
    pump_keyboard();
    if (serial_used)
        pump_serial(now_ns);
}

uint64_t console_next_ns(void)
{
    uint64_t keys_ns = serialkeys_due_ns(&serialkeys), frame_ns = screen_next_ns();
    return keys_ns < frame_ns ? keys_ns : frame_ns;
}

/* Output goes on below, but nobody should miss it: it ends looking back. */
static struct screen_view choose_view(struct console *console)
{
    static uint16_t earlier[VCON_ROWS][VCON_COLS];

    if (console->vcon.dirty_rows)
        scroll_to(0);
    screen_touch_rows(console->vcon.dirty_rows);
    console->vcon.dirty_rows = 0;
    if (console->back == 0)
        return (struct screen_view){ &console->vcon, NULL, console->vcon.row, console->vcon.column };
    scrollback_compose(console->vcon.history, &console->vcon, console->back, earlier);
    return (struct screen_view){ &console->vcon, earlier[0], VCON_ROWS, VCON_COLS - 1 };
}

/* Whether anything that update_status shows is not what it was. */
static bool is_status_new(void)
{
    static struct {
        unsigned number, back, rows, help, serial;
        char state[sizeof(in_view->state)];
    } shown = { .number = NOT_SHOWN };
    unsigned rows = in_view->back ? scrollback_rows(in_view->vcon.history) : 0;
    unsigned serial = serial_used + 2u * escape;

    if (shown.number == in_view->number && shown.back == in_view->back && shown.rows == rows &&
        shown.help == help_shown && shown.serial == serial &&
        memcmp(shown.state, in_view->state, sizeof(shown.state)) == 0)
        return false;
    shown.number = in_view->number;
    shown.back = in_view->back;
    shown.rows = rows;
    shown.help = help_shown;
    shown.serial = serial;
    memcpy(shown.state, in_view->state, sizeof(shown.state));
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
    else if (in_view->back)
        format_string(text, sizeof(text), " %u %-20s %u of %u rows back    Shift+PgUp, Shift+PgDn; any key ends it",
                      in_view->number, in_view->name, in_view->back, scrollback_rows(in_view->vcon.history));
    else
        format_string(text, sizeof(text), " %u %-20s %-20s Alt+F1 monitor  %s", in_view->number, in_view->name,
                      in_view->state, serial_used && escape == ESCAPE_DEFAULT ? "Ctrl-] ? keys" : "");
    screen_set_status(text);
}

static bool draw(unsigned rows_max, uint64_t now_ns)
{
    if (!in_view)
        return false;
    struct screen_view view = choose_view(in_view);
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
