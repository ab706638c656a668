/*
 * shell.c - console 0 as the operator sees it: a prompt with a line editor, and messages above it.
 *
 * Keys are only queued when they come, and looked at in shell_pump: a command may end guests, which must not happen in
 * the middle of whatever took the key.
 */
#include "monitor/shell.h"

#include "base/format.h"
#include "base/string.h"
#include "base/text.h"
#include "io/scrollback.h"
#include "monitor/commands.h"
#include "monitor/complete.h"
#include "monitor/lineedit.h"
#include "pebpeb.h"

#define KEYS 256
#define PROMPT "cobble> "
#define PROMPT_BYTES (sizeof(PROMPT) - 1)
#define LINE_COLS (VCON_COLS - 1)       /* the last column stays free: writing there would wrap at once */
#define DELETE 0x7F
#define PROMPT_ATTRIBUTE 0x0B           /* light cyan on black */

static struct console console;
static struct scrollback history;
static struct lineedit edit;
static uint32_t keys[KEYS];
static unsigned key_first, key_count;
static bool held;                       /* a command waits for something: no prompt */
static bool prompt_shown;
static unsigned scroll;                 /* first character of a long line that is shown */

static void take_key(void *owner, uint32_t key_word)
{
    (void)owner;
    if (key_count < KEYS)
        keys[(key_first + key_count++) % KEYS] = key_word;
}

static unsigned key_room(const void *owner)
{
    (void)owner;
    return KEYS - key_count;
}

void shell_init(void)
{
    vcon_init(&console.vcon);
    console.vcon.history = &history;
    (void)text_copy(console.name, sizeof(console.name), "monitor");
    (void)text_copy(console.state, sizeof(console.state), "type help");
    console.key = take_key;
    console.room = key_room;
    lineedit_init(&edit);
    console_attach(&console);
    console_view(&console);
}

struct console *shell_console(void)
{
    return &console;
}

static void write_text(const char *text, size_t length)
{
    vcon_write(&console.vcon, (const uint8_t *)text, length);
}

static void blank_row(unsigned row)
{
    char blanks[LINE_COLS];

    memset(blanks, ' ', sizeof(blanks));
    vcon_set_cursor(&console.vcon, row, 0);
    write_text(blanks, LINE_COLS);
    vcon_set_cursor(&console.vcon, row, 0);
}

static void hide_prompt(void)
{
    if (prompt_shown)
        blank_row(console.vcon.row);
    prompt_shown = false;
}

static void show_prompt(void)
{
    unsigned row = console.vcon.row;
    unsigned room = LINE_COLS - PROMPT_BYTES;

    if (edit.cursor < scroll || edit.cursor >= scroll + room)
        scroll = edit.cursor < room ? 0 : edit.cursor - room / 2;
    blank_row(row);
    vcon_set_attribute(&console.vcon, PROMPT_ATTRIBUTE);
    write_text(PROMPT, PROMPT_BYTES);
    vcon_set_attribute(&console.vcon, VCON_ATTRIBUTE_START);
    unsigned rest = edit.length > scroll ? edit.length - scroll : 0;
    write_text(edit.text + scroll, rest < room ? rest : room);
    vcon_set_cursor(&console.vcon, row, (unsigned)PROMPT_BYTES + edit.cursor - scroll);
    prompt_shown = true;
}

void shell_print(const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    size_t length = format_string_v(text, sizeof(text) - 1, format, arguments);
    va_end(arguments);
    if (length > sizeof(text) - 2)
        length = sizeof(text) - 2;
    hide_prompt();
    text[length] = '\n';
    write_text(text, length + 1);
}

void shell_clear(void)
{
    vcon_set_cursor(&console.vcon, VCON_ROWS - 1, 0);
    for (unsigned row = 0; row < VCON_ROWS; row++)
        write_text("\n", 1);
    vcon_set_cursor(&console.vcon, 0, 0);
    prompt_shown = false;
}

void shell_hold(bool hold)
{
    held = hold;
}

bool shell_is_held(void)
{
    return held;
}

/* Leave the line as it stands, run it, and start a new one below what it wrote. */
static void enter_line(uint64_t now_ns)
{
    char line[LINEEDIT_BYTES];

    memcpy(line, edit.text, sizeof(line));
    edit.cursor = 0;
    show_prompt();
    write_text("\n", 1);
    prompt_shown = false;
    lineedit_clear(&edit);
    commands_run(line, now_ns);
}

static void complete_line(void)
{
    char text[LINEEDIT_BYTES];

    memcpy(text, edit.text, edit.cursor);
    text[edit.cursor] = '\0';
    lineedit_insert(&edit, complete_find(text));
}

static bool is_cancel(uint32_t key_word)
{
    return (key_word & (HV_KEY_MAKE | HV_KEY_CHAR_MASK)) == (HV_KEY_MAKE | 3);
}

static bool is_reboot(uint32_t key_word)
{
    bool ctrl = key_word & (HV_KEY_LCTRL | HV_KEY_RCTRL), alt = key_word & (HV_KEY_LALT | HV_KEY_RALT);
    return ctrl && alt && (key_word & (HV_KEY_MAKE | HV_KEY_CHAR_MASK)) == (HV_KEY_MAKE | DELETE);
}

static void press(uint32_t key_word, uint64_t now_ns)
{
    if (is_reboot(key_word))
        commands_run("reboot", now_ns);
    if (held) {
        held = !is_cancel(key_word);    /* nothing else is typed ahead while a command waits */
        return;
    }
    enum lineedit_event event = lineedit_key(&edit, key_word);
    if (event == LINEEDIT_ENTER)
        enter_line(now_ns);
    else if (event == LINEEDIT_COMPLETE)
        complete_line();
    else if (event == LINEEDIT_REDRAW)
        shell_clear();
    if (event != LINEEDIT_NOTHING && !held)
        show_prompt();
}

void shell_pump(uint64_t now_ns)
{
    vcon_set_time(&console.vcon, now_ns);
    while (key_count > 0) {
        uint32_t key_word = keys[key_first];
        key_first = (key_first + 1) % KEYS;
        key_count--;
        press(key_word, now_ns);
    }
    if (!prompt_shown && !held)
        show_prompt();
}
