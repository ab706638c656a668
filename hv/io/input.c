/*
 * input.c - from all keyboards to the console in view: which keys are the operator's own, and who sees a key come up.
 *
 * Everything becomes key words first (keymap.c, serialkeys.c), then the operator's own are taken out, and the rest is
 * given to the console in view, or waits for it in line (keyline.c). What must hold for each console: no break without
 * its make, no make without its break, whenever the view changes in between.
 */
#include "io/input.h"

#include <stddef.h>

#include "io/console.h"
#include "io/held_keys.h"
#include "io/keyline.h"
#include "io/keymap.h"
#include "io/ps2.h"
#include "io/screen.h"
#include "io/serial.h"
#include "io/serialkeys.h"
#include "io/usb/usb.h"
#include "pebpeb.h"

#define SCANCODE_MASK 0x7F      /* make and break differ in the other bit */
#define EXTENDED_PREFIX 0xE0
#define INPUT_BYTES_MAX 256     /* a pass: a stuck line must not hold up the guests */
#define WAIT_NS 10000000ull     /* how often keys that wait are looked after: 115200 baud fill half a guest's queue */
#define BREAKS_SPACE 64         /* of the line of waiting keys: for the breaks of makes that are on their way */
#define KEYBOARD_SPACE 128      /* the same for the keyboard, which cannot be held */

static struct keymap keymap;
static struct serialkeys serialkeys;
static struct held held_in_view;  /* by the console in view */
static uint8_t escape = INPUT_ESCAPE_DEFAULT;
static uint64_t input_ns;       /* of the pass that looks at input now */
static bool serial_used, after_escape;
static bool serial_held;        /* what comes on the serial line waits there: nobody has room for it */
static uint32_t locks_shown;    /* lock bits that the keyboard's LEDs were told */
static unsigned typed_to;       /* number of the console that held_in_view and serialkeys are of */
static uint32_t own_key;        /* held_key of a key that was the operator's own when it went down; 0: none */

void input_init(void)
{
    keymap_init(&keymap);
    serialkeys_init(&serialkeys);
    held_in_view = (struct held){ .count = 0 };
    typed_to = 0;
}

void input_use_serial(bool use)
{
    console_use_serial(use);
    serial_used = use;
    after_escape = false;
    serialkeys_init(&serialkeys);
}

void input_set_escape(uint8_t control)
{
    escape = control;
    console_tell_prefix(control == INPUT_ESCAPE_DEFAULT);
}

static uint32_t locks(void)
{
    return keymap.state & (HV_KEY_NUMLOCK | HV_KEY_CAPSLOCK);
}

static bool is_view_new(void)
{
    const struct console *console = console_in_view();
    return console && console->number != typed_to;
}

/*
 * Whoever lost the view gets what was meant for it: an ESC that waits for more, then the breaks of all that is down.
 * The next console will not get any of it.
 */
static void follow_view(void)
{
    if (!is_view_new())
        return;
    struct console *console = console_find(typed_to);
    uint32_t words[SERIALKEYS_MAX], word;
    unsigned count = serialkeys_flush(&serialkeys, UINT64_MAX, words);

    typed_to = console_in_view()->number;
    for (unsigned i = 0; console && i < count; i++)
        keyline_give(console, words[i], input_ns);
    while (held_let_go(&held_in_view, locks(), &word))
        if (console)
            keyline_give(console, word, input_ns);
}

/* Alt+F1 .. Alt+F12. True: the key was ours. */
static bool is_switch_key(uint32_t word)
{
    uint32_t raw = (word & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT;

    if (raw < HV_KEYCODE_F1 || raw > HV_KEYCODE_F1 + 11 || !(word & (HV_KEY_LALT | HV_KEY_RALT)))
        return false;
    console_view_position(raw - HV_KEYCODE_F1);
    follow_view();
    return true;
}

/* Shift+PgUp and Shift+PgDn where rows are kept. True: the key was ours. */
static bool is_scroll_key(uint32_t word, enum keymap_page page)
{
    if (page == KEYMAP_NO_PAGE || !(word & (HV_KEY_LSHIFT | HV_KEY_RSHIFT)))
        return false;
    return console_scroll_page(page == KEYMAP_PAGE_UP);
}

/* Also its repeats, when its modifier has come up before it. Its break finds no make that a console had. */
static bool is_own_key(uint32_t word, uint32_t key, enum keymap_page page)
{
    if (!(word & HV_KEY_MAKE)) {
        own_key = own_key == key ? 0 : own_key;
        return false;
    }
    if (is_switch_key(word) || is_scroll_key(word, page))
        own_key = key;
    return own_key == key;
}

/* page: the page key that this word is of, if it is of one. Any other key but a modifier ends looking back. */
static void give_key(uint32_t word, uint8_t scancode, enum keymap_page page)
{
    bool make = word & HV_KEY_MAKE;

    if (is_own_key(word, held_key(word, scancode), page))
        return;
    struct console *console = console_in_view();
    if (!console || (make && keyline_space() < BREAKS_SPACE) || !held_take(&held_in_view, word, scancode))
        return;
    if (make && !keymap_is_modifier((word & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT))
        console_scroll_end();
    (void)keyline_give(console, word, input_ns);
}

static enum keymap_page page_of_serial(uint32_t word)
{
    bool undefined = (word & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT == HV_KEYCODE_UNDEFINED;
    return undefined ? serialkeys.page : KEYMAP_NO_PAGE;
}

static void give_serial_byte(uint8_t byte)
{
    uint32_t words[SERIALKEYS_MAX];
    unsigned count = serialkeys_byte(&serialkeys, byte, input_ns, words);
    for (unsigned i = 0; i < count; i++)
        give_key(words[i], 0, page_of_serial(words[i]));
}

/* The byte behind the prefix; anything that means nothing is dropped. */
static void take_command(uint8_t byte)
{
    struct console *console = console_in_view();

    console_show_help(byte == '?');
    if (byte == escape)
        give_serial_byte(byte);
    else if (byte >= '0' && byte <= '9')
        console_view_position(byte - '0');
    else if (byte == 'n')
        console_view_next();
    else if (byte == 'p')
        console_view_previous();
    else if (byte == 'm')
        console_view_position(0);
    else if (byte == 'k' && console && console->kill)
        console->kill(console->owner);
    follow_view();
}

static void show_locks(void)
{
    if (locks() == locks_shown)
        return;
    locks_shown = locks();
    ps2_set_leds(locks_shown & HV_KEY_NUMLOCK, locks_shown & HV_KEY_CAPSLOCK);
    usb_set_leds(locks_shown & HV_KEY_NUMLOCK, locks_shown & HV_KEY_CAPSLOCK);
}

static void give_scancode(uint8_t byte)
{
    uint32_t word;

    if (keymap_scancode(&keymap, byte, &word))
        give_key(word, byte & SCANCODE_MASK, keymap.page);
}

/* All keyboards share the modifiers and locks, but a sequence that PS/2 is in the middle of is PS/2's. */
static void pump_usb(uint64_t now_ns)
{
    uint8_t prefix = keymap.prefix, skip = keymap.skip;
    int event;

    usb_poll(now_ns);
    keymap.prefix = keymap.skip = 0;
    for (unsigned i = 0; i < INPUT_BYTES_MAX && (event = usb_read()) >= 0; i++) {
        if (event & HID_EXTENDED)
            give_scancode(EXTENDED_PREFIX);
        give_scancode((uint8_t)event);
    }
    keymap.prefix = prefix;
    keymap.skip = skip;
}

static void pump_keyboards(uint64_t now_ns)
{
    int byte;

    for (unsigned i = 0; i < INPUT_BYTES_MAX && (byte = ps2_read()) >= 0; i++)
        give_scancode((uint8_t)byte);
    if (now_ns >= usb_next_ns())
        pump_usb(now_ns);
    show_locks();
}

/* A terminal that sends whole lines may end them by CR and LF: that is one Enter. */
static bool ends_same_line(uint8_t byte)
{
    static uint8_t last;
    bool is_same = last == '\r' && byte == '\n' && screen_terminal() == SCREEN_LINES;

    last = byte;
    return is_same;
}

static void take_serial_byte(uint8_t byte)
{
    if (ends_same_line(byte))
        return;
    if (after_escape) {
        after_escape = false;
        take_command(byte);
    } else if (byte == escape) {
        after_escape = true;
    } else {
        give_serial_byte(byte);
    }
}

static bool has_space_for_a_byte(void)
{
    return keyline_space() >= KEYBOARD_SPACE + SERIALKEYS_MAX;
}

static void pump_serial(uint64_t now_ns)
{
    uint32_t words[SERIALKEYS_MAX];
    int byte;

    for (unsigned i = 0; i < INPUT_BYTES_MAX && has_space_for_a_byte() && (byte = serial_rx()) >= 0; i++)
        take_serial_byte((uint8_t)byte);
    serial_held = !has_space_for_a_byte();
    serial_hold(serial_held);
    unsigned count = serialkeys_flush(&serialkeys, now_ns, words);
    for (unsigned i = 0; i < count; i++)
        give_key(words[i], 0, KEYMAP_NO_PAGE);
}

void input_pump(uint64_t now_ns)
{
    input_ns = now_ns;
    follow_view();
    if (keyline_count > 0)
        keyline_pump(now_ns, serial_held);
    pump_keyboards(now_ns);
    if (serial_used)
        pump_serial(now_ns);
}

uint64_t input_next_ns(void)
{
    if (is_view_new())
        return input_ns;
    uint64_t due_ns = serialkeys_due_ns(&serialkeys);
    uint64_t waiting_ns = keyline_count == 0 ? UINT64_MAX : input_ns + WAIT_NS;

    due_ns = due_ns < waiting_ns ? due_ns : waiting_ns;
    return due_ns < usb_next_ns() ? due_ns : usb_next_ns();
}
