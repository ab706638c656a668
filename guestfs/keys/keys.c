/*
 * keys.c - shows each key word of the keyboard interrupt, and what its bits mean. Exits with 0.
 *
 * The last words are listed, newest at the bottom. Esc twice in a row, or Ctrl+D, ends it; the terminal that the
 * serial line comes from may keep a single Esc to itself for a moment.
 */
#include "sdk.h"

#define BAR 0x1F                /* attributes */
#define FRAME 0x09
#define HEADING 0x0B
#define MAKE_LINE 0x0F
#define BREAK_LINE 0x08
#define FOOTER 0x0E

#define LIST_ROW 4
#define LIST_ROWS 18
#define WIDTH 78                /* a line of the list; column 0 stays free */
#define ESC 0x1B

struct bit_name {
    uint32_t bit;
    const char *name;
};

static uint32_t words[LIST_ROWS];       /* a ring: word n is in n % LIST_ROWS */
static uint32_t word_count;
static bool was_esc;
static volatile bool is_done;

static void print_line(uint32_t row, uint32_t attribute, const char *text)
{
    char line[WIDTH + 2];

    snprintf(line, sizeof(line), " %-*s", WIDTH, text);
    hv_print_at((int32_t)strlen(line), line, row, 0, attribute);
}

static void add(char *text, size_t bytes, const char *more)
{
    size_t length = strlen(text);

    snprintf(text + length, bytes - length, "%s%s", length > 0 ? " " : "", more);
}

/* The names of the bits that are set, a blank between them. */
static void name_bits(char *text, size_t bytes, uint32_t word, const struct bit_name *names, unsigned count)
{
    text[0] = '\0';
    for (unsigned i = 0; i < count; i++)
        if (word & names[i].bit)
            add(text, bytes, names[i].name);
}

/* A raw code that is no character, by its name; "" when it has none. */
static const char *name_code(uint8_t code)
{
    static const char *const from_undefined[] = {
        "other", "Up", "Left", "Down", "Right", "LAlt", "RAlt", "LCtrl", "RCtrl", "LShift", "RShift", "CapsLock",
        "NumLock", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12", "Pause", "PrintScreen",
    };
    static const struct { uint8_t code; const char *name; } others[] = {
        { 0, "none" }, { '\b', "Backspace" }, { '\t', "Tab" }, { '\n', "Enter" }, { ESC, "Esc" }, { ' ', "Space" },
        { 0x7F, "Del" },
    };

    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (others[i].code == code)
            return others[i].name;
    if (code < HV_KEYCODE_UNDEFINED || code > HV_KEYCODE_PRINTSCREEN)
        return "";
    return from_undefined[code - HV_KEYCODE_UNDEFINED];
}

/* A character as it is, what else has a name by that name, control characters as ^A to ^Z. */
static void name_value(char *text, size_t bytes, uint8_t value)
{
    if (name_code(value)[0] != '\0')
        snprintf(text, bytes, "%02x %s", value, name_code(value));
    else if (value < ' ')
        snprintf(text, bytes, "%02x ^%c", value, value + '@');
    else
        snprintf(text, bytes, "%02x '%c'", value, value);
}

static void show_word(uint32_t row, uint32_t number)
{
    static const struct bit_name flags[] = {
        { HV_KEY_NUMPAD, "PAD" }, { HV_KEY_HASDATA, "DATA" }, { HV_KEY_HASRAW, "RAW" },
    };
    static const struct bit_name states[] = {
        { HV_KEY_LSHIFT, "LShift" }, { HV_KEY_RSHIFT, "RShift" }, { HV_KEY_LCTRL, "LCtrl" }, { HV_KEY_RCTRL, "RCtrl" },
        { HV_KEY_LALT, "LAlt" }, { HV_KEY_RALT, "RAlt" }, { HV_KEY_CAPSLOCK, "Caps" }, { HV_KEY_NUMLOCK, "Num" },
    };
    uint32_t word = words[number % LIST_ROWS];
    char raw[16], character[16], flag_text[20], state_text[32], line[WIDTH + 1];

    name_value(raw, sizeof(raw), (uint8_t)((word & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT));
    name_value(character, sizeof(character), word & HV_KEY_CHAR_MASK);
    name_bits(flag_text, sizeof(flag_text), word, flags, sizeof(flags) / sizeof(flags[0]));
    name_bits(state_text, sizeof(state_text), word, states, sizeof(states) / sizeof(states[0]));
    snprintf(line, sizeof(line), "%4u %08x %-4s %-14s %-14s %-12s %s", number + 1, word,
             word & HV_KEY_MAKE ? "down" : "up", raw, character, flag_text, state_text);
    print_line(row, word & HV_KEY_MAKE ? MAKE_LINE : BREAK_LINE, line);
}

static void show_list(void)
{
    uint32_t first = word_count > LIST_ROWS ? word_count - LIST_ROWS : 0;

    for (uint32_t number = first; number < word_count; number++)
        show_word(LIST_ROW + number - first, number);
}

static void show_frame(void)
{
    char rule[WIDTH + 1];

    memset(rule, '\xC4', WIDTH);
    rule[WIDTH] = '\0';
    print_line(0, BAR, "Keys: what the keyboard interrupt brings");
    hv_print_at(14, "a PebPeb guest", 0, 63, BAR);
    print_line(2, HEADING, "   n word     key  raw            character      flags        modifiers, locks");
    print_line(3, FRAME, rule);
    print_line(LIST_ROW + LIST_ROWS, FRAME, rule);
    print_line(LIST_ROW + LIST_ROWS + 1, FOOTER, "Press any key. Esc twice, or Ctrl+D, ends this.");
}

static void key_handler(struct event *event)
{
    uint32_t word = event->error;
    uint8_t raw = (uint8_t)((word & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT);

    if (is_done)
        return;
    words[word_count++ % LIST_ROWS] = word;
    show_list();
    if (!(word & HV_KEY_MAKE))
        return;
    is_done = (raw == ESC && was_esc) || (raw == 'd' && (word & (HV_KEY_LCTRL | HV_KEY_RCTRL)));
    was_esc = raw == ESC;
}

static void tick_handler(struct event *event)
{
    (void)event;
}

int main(void)
{
    show_frame();
    hv_cons_set_cursor_pos(HV_CONSOLE_ROWS - 1, 0);
    event_handle(HV_SLOT_TIMER, tick_handler, true);
    event_handle(HV_SLOT_KEYBOARD, key_handler, true);
    hv_enable_interrupts();
    while (!is_done)
        hlt();
    return 0;
}
