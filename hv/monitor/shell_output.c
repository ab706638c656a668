/*
 * shell_output.c - what console 0 shows: messages, and below them the prompt with the line that is typed.
 *
 * Messages come at any time, also while a line is being typed: the prompt is taken off its row first, the message is
 * written there, and shell_pump puts the prompt below it again with the line as it was.
 */
#include "monitor/shell_output.h"

#include "base/format.h"
#include "base/string.h"
#include "base/text.h"

#define PROMPT "cobble> "
#define PROMPT_BYTES (sizeof(PROMPT) - 1)
#define LINE_COLS (VCON_COLS - 1)       /* the last column stays free: writing there would wrap at once */
#define PROMPT_ATTRIBUTE 0x0B           /* light cyan on black */

static struct console console;
static bool prompt_held;                /* a command waits for something: no prompt */
static bool prompt_shown;
static bool picture_shown;
static unsigned first_shown;            /* first character of a long line that is shown */

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

void shell_show_prompt(const struct lineedit *edit)
{
    unsigned row = console.vcon.row;
    unsigned room = LINE_COLS - PROMPT_BYTES;

    if (edit->cursor < first_shown || edit->cursor >= first_shown + room)
        first_shown = edit->cursor < room ? 0 : edit->cursor - room / 2;
    blank_row(row);
    vcon_set_attribute(&console.vcon, PROMPT_ATTRIBUTE);
    write_text(PROMPT, PROMPT_BYTES);
    vcon_set_attribute(&console.vcon, VCON_ATTRIBUTE_START);
    unsigned rest = edit->length > first_shown ? edit->length - first_shown : 0;
    write_text(edit->text + first_shown, rest < room ? rest : room);
    vcon_set_cursor(&console.vcon, row, (unsigned)PROMPT_BYTES + edit->cursor - first_shown);
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
    text[length] = '\0';
    for (const char *line = text, *next; line != NULL; line = next) {
        write_text(line, text_wrap(line, LINE_COLS, &next));
        write_text("\n", 1);
    }
}

/* One by one: the whole is longer than a message may be. */
void shell_print_lines(const char *text)
{
    while (*text != '\0') {
        const char *end = strchr(text, '\n');
        int length = end != NULL ? (int)(end - text) : (int)strlen(text);
        shell_print("%.*s", length, text);
        text += length + (end != NULL ? 1 : 0);
    }
}

void shell_clear(void)
{
    vcon_set_cursor(&console.vcon, VCON_ROWS - 1, 0);
    for (unsigned row = 0; row < VCON_ROWS; row++)
        write_text("\n", 1);
    vcon_set_cursor(&console.vcon, 0, 0);
    prompt_shown = false;
}

void shell_begin_picture(void)
{
    picture_shown = prompt_held = true;
}

void shell_end_picture(void)
{
    picture_shown = prompt_held = false;
}

bool shell_shows_picture(void)
{
    return picture_shown;
}

void shell_show_row(unsigned row, uint8_t attribute, const char *format, ...)
{
    char text[LINE_COLS + 1];
    va_list arguments;

    va_start(arguments, format);
    size_t length = format_string_v(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length < LINE_COLS)
        memset(text + length, ' ', LINE_COLS - length);
    vcon_write_at(&console.vcon, (const uint8_t *)text, LINE_COLS, row, 0, attribute);
    vcon_set_cursor(&console.vcon, row + 1 < VCON_ROWS ? row + 1 : row, 0);
    prompt_shown = false;
}

void shell_hold(bool hold)
{
    prompt_held = hold;
}

bool shell_is_held(void)
{
    return prompt_held;
}

bool shell_prompt_is_shown(void)
{
    return prompt_shown;
}

void shell_leave_prompt(const struct lineedit *edit)
{
    struct lineedit whole = *edit;

    whole.cursor = 0;
    shell_show_prompt(&whole);
    write_text("\n", 1);
    prompt_shown = false;
}
