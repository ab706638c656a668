/*
 * lineedit.c - one line under a cursor, and the lines entered before it (PURE). Keys are those of readline's Emacs
 * mode, as far as a shell with one line needs them.
 *
 * Positions are unsigned, and what would go before the first character becomes huge: the two functions that everything
 * goes through, delete_range and move_cursor, refuse what lies outside, so that callers need not ask.
 */
#include "monitor/lineedit.h"

#include "base/string.h"
#include "base/text.h"
#include "pebpeb.h"

#define CTRL(letter) ((letter) - '@')

void lineedit_init(struct lineedit *edit)
{
    memset(edit, 0, sizeof(*edit));
}

static enum lineedit_event insert(struct lineedit *edit, char character)
{
    if (edit->length == LINEEDIT_BYTES - 1)
        return LINEEDIT_NOTHING;
    memmove(edit->text + edit->cursor + 1, edit->text + edit->cursor, edit->length - edit->cursor + 1);
    edit->text[edit->cursor++] = character;
    edit->length++;
    return LINEEDIT_CHANGED;
}

void lineedit_insert(struct lineedit *edit, const char *text)
{
    for (; *text != '\0'; text++)
        (void)insert(edit, *text);
}

/* Delete from index first up to, not including, index end; the cursor goes there. */
static enum lineedit_event delete_range(struct lineedit *edit, unsigned first, unsigned end)
{
    if (first >= end || end > edit->length)
        return LINEEDIT_NOTHING;
    memmove(edit->text + first, edit->text + end, edit->length - end + 1);
    edit->length -= end - first;
    edit->cursor = first;
    return LINEEDIT_CHANGED;
}

static enum lineedit_event move_cursor(struct lineedit *edit, unsigned cursor)
{
    if (cursor > edit->length || cursor == edit->cursor)
        return LINEEDIT_NOTHING;
    edit->cursor = cursor;
    return LINEEDIT_CHANGED;
}

static unsigned find_word_start(const struct lineedit *edit)
{
    unsigned start = edit->cursor;

    while (start > 0 && edit->text[start - 1] == ' ')
        start--;
    while (start > 0 && edit->text[start - 1] != ' ')
        start--;
    return start;
}

/* Show the n-th newest line of the history; 0 is the line that was being written. */
static enum lineedit_event browse(struct lineedit *edit, unsigned n)
{
    if (n > edit->history_count || n == edit->browsing)
        return LINEEDIT_NOTHING;
    if (edit->browsing == 0)
        memcpy(edit->draft, edit->text, sizeof(edit->draft));
    const char *line = edit->draft;
    if (n > 0)
        line = edit->history[(edit->history_next + LINEEDIT_HISTORY - n) % LINEEDIT_HISTORY];
    memmove(edit->text, line, LINEEDIT_BYTES);
    edit->browsing = n;
    edit->length = (unsigned)strlen(edit->text);
    edit->cursor = edit->length;
    return LINEEDIT_CHANGED;
}

static void empty(struct lineedit *edit)
{
    edit->text[0] = '\0';
    edit->length = 0;
    edit->cursor = 0;
    edit->browsing = 0;
}

void lineedit_clear(struct lineedit *edit)
{
    unsigned newest = (edit->history_next + LINEEDIT_HISTORY - 1) % LINEEDIT_HISTORY;
    bool repeated = edit->history_count > 0 && strcmp(edit->history[newest], edit->text) == 0;

    if (edit->length > 0 && !repeated) {
        memcpy(edit->history[edit->history_next], edit->text, LINEEDIT_BYTES);
        edit->history_next = (edit->history_next + 1) % LINEEDIT_HISTORY;
        if (edit->history_count < LINEEDIT_HISTORY)
            edit->history_count++;
    }
    empty(edit);
}

static enum lineedit_event press_control(struct lineedit *edit, char character)
{
    switch (character) {
    case '\n': case '\r': return LINEEDIT_ENTER;
    case '\t': return LINEEDIT_COMPLETE;
    case '\b': return delete_range(edit, edit->cursor - 1, edit->cursor);
    case 0x7F: return delete_range(edit, edit->cursor, edit->cursor + 1);
    case CTRL('A'): return move_cursor(edit, 0);
    case CTRL('E'): return move_cursor(edit, edit->length);
    case CTRL('B'): return move_cursor(edit, edit->cursor - 1);
    case CTRL('F'): return move_cursor(edit, edit->cursor + 1);
    case CTRL('P'): return browse(edit, edit->browsing + 1);
    case CTRL('N'): return browse(edit, edit->browsing - 1);
    case CTRL('K'): return delete_range(edit, edit->cursor, edit->length);
    case CTRL('U'): return delete_range(edit, 0, edit->cursor);
    case CTRL('W'): return delete_range(edit, find_word_start(edit), edit->cursor);
    case CTRL('L'): return LINEEDIT_REDRAW;
    case CTRL('C'): empty(edit); return LINEEDIT_CANCEL;
    default: return LINEEDIT_NOTHING;
    }
}

enum lineedit_event lineedit_key(struct lineedit *edit, uint32_t key_word)
{
    char character = (char)(key_word & HV_KEY_CHAR_MASK);

    if ((key_word & HV_KEY_MAKE) == 0)
        return LINEEDIT_NOTHING;
    if ((key_word & HV_KEY_HASRAW) != 0) {
        switch ((key_word & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT) {
        case HV_KEYCODE_UP: return browse(edit, edit->browsing + 1);
        case HV_KEYCODE_DOWN: return browse(edit, edit->browsing - 1);
        case HV_KEYCODE_LEFT: return move_cursor(edit, edit->cursor - 1);
        case HV_KEYCODE_RIGHT: return move_cursor(edit, edit->cursor + 1);
        default: break;
        }
    }
    if ((key_word & HV_KEY_HASDATA) == 0)
        return LINEEDIT_NOTHING;
    bool printable = character >= ' ' && character <= '~';
    if (printable && (key_word & (HV_KEY_LCTRL | HV_KEY_RCTRL)))
        return LINEEDIT_NOTHING;        /* the NUL of a terminal is Ctrl+Space, say: no text */
    if (printable)
        return insert(edit, character);
    return press_control(edit, character);
}
