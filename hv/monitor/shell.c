/*
 * shell.c - console 0 as the operator uses it: keys become a line, and a line a command.
 *
 * Keys are only queued when they come, and looked at in shell_pump: a command may end guests, which must not happen in
 * the middle of whatever took the key.
 */
#include "monitor/shell.h"

#include "base/string.h"
#include "base/text.h"
#include "io/scrollback.h"
#include "monitor/commands.h"
#include "monitor/commands_list.h"
#include "monitor/complete.h"
#include "monitor/jobs.h"
#include "monitor/lineedit.h"
#include "monitor/room.h"
#include "monitor/shell_output.h"
#include "monitor/top.h"
#include "pebpeb.h"

#define KEYS 256
#define DELETE 0x7F

static struct scrollback history;
static struct lineedit edit;
static uint32_t keys[KEYS];
static unsigned key_first, key_count;

static void take_shell_key(void *owner, uint32_t key_word)
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
    struct console *console = shell_console();

    vcon_init(&console->vcon);
    scrollback_init(&history, room_take);
    console->vcon.history = &history;
    (void)text_copy(console->name, sizeof(console->name), "monitor");
    (void)text_copy(console->state, sizeof(console->state), "type help");
    console->key = take_shell_key;
    console->room = key_room;
    lineedit_init(&edit);
    console_attach(console);
    console_view(console);
}

/* Leave the line as it stands, run it, and start a new one below what it wrote. */
static void enter_line(uint64_t now_ns)
{
    char line[LINEEDIT_BYTES];

    memcpy(line, edit.text, sizeof(line));
    shell_leave_prompt(&edit);
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

/* A command goes on by itself, and what is typed ahead waits for it. */
static bool is_busy(void)
{
    return jobs_is_starting() || commands_list_goes_on();
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

/* True: it took as much as a look may take, as a command and a completion do. */
static bool press_key(uint32_t key_word, uint64_t now_ns)
{
    if (is_reboot(key_word))
        commands_run("reboot", now_ns);
    if (shell_shows_picture()) {
        if (key_word & HV_KEY_MAKE)
            top_key((uint8_t)key_word, now_ns);
        return true;
    }
    /* A command waits for something: Ctrl+C, which ends the wait, is all that is taken. */
    if (shell_is_held()) {
        shell_hold(!is_cancel(key_word));       /* nothing else is typed ahead while a command waits */
        return false;
    }
    enum lineedit_event event = lineedit_key(&edit, key_word);
    if (event == LINEEDIT_ENTER)
        enter_line(now_ns);
    else if (event == LINEEDIT_COMPLETE)
        complete_line();
    else if (event == LINEEDIT_REDRAW)
        shell_clear();
    if (event != LINEEDIT_NOTHING && !shell_is_held() && !is_busy())
        shell_show_prompt(&edit);
    return event == LINEEDIT_ENTER || event == LINEEDIT_COMPLETE;
}

bool shell_waits(void)
{
    return (key_count > 0 && !jobs_is_starting()) || commands_list_goes_on();
}

/* Bound: KEYS that edit a line, some hundreds of instructions each, and one command or completion. */
void shell_pump(uint64_t now_ns)
{
    bool is_enough = commands_list_goes_on();

    vcon_set_time(&shell_console()->vcon, now_ns);
    if (is_enough)
        commands_list_more();
    while (key_count > 0 && !is_busy() && !is_enough) {
        uint32_t key_word = keys[key_first];
        key_first = (key_first + 1) % KEYS;
        key_count--;
        is_enough = press_key(key_word, now_ns);
    }
    top_pump(now_ns);
    if (!shell_prompt_is_shown() && !shell_is_held() && !is_busy())
        shell_show_prompt(&edit);
}
