/*
 * lines.c - compare the screen with what was sent of it, and send what is new (PURE).
 */
#include "io/lines.h"

#include "base/string.h"
#include "io/cp437.h"

#define ERASE_MOST 8            /* characters that are taken back one by one; else the line is written anew */

static size_t send_text(char *text, size_t at, const char *more)
{
    while (*more != '\0')
        text[at++] = *more++;
    return at;
}

static uint8_t shown_character(uint8_t character)
{
    return character == '\0' ? ' ' : character;
}

/* Characters of a row without blanks at its end. */
static unsigned row_length(const uint8_t row[LINES_COLUMNS])
{
    unsigned length = LINES_COLUMNS;

    while (length > 0 && shown_character(row[length - 1]) == ' ')
        length--;
    return length;
}

static bool is_row_sent(const uint8_t sent[LINES_COLUMNS], const uint8_t now[LINES_COLUMNS])
{
    unsigned length = row_length(now);

    return row_length(sent) == length && memcmp(sent, now, length) == 0;
}

static size_t add_characters(const uint8_t row[LINES_COLUMNS], unsigned from, unsigned to, char *text, size_t at)
{
    for (unsigned column = from; column < to; column++)
        at = send_text(text, at, cp437_utf8(shown_character(row[column])));
    return at;
}

static size_t finish_line(const struct lines *lines, char *text)
{
    return lines->columns != 0 ? send_text(text, 0, "\r\n") : 0;
}

/* Nothing of the screen was sent, and the terminal's current line is empty. */
static void begin_lines(struct lines *lines)
{
    memset(lines, 0, sizeof(*lines));
    memset(lines->sent, ' ', sizeof(lines->sent));
}

void lines_resume(struct lines *lines, uint8_t rows[LINES_ROWS][LINES_COLUMNS], unsigned row)
{
    begin_lines(lines);
    memcpy(lines->sent, rows, row * sizeof(lines->sent[0]));
    lines->row = row;
}

void lines_scroll(struct lines *lines, unsigned rows)
{
    memmove(lines->sent[0], lines->sent[rows], (LINES_ROWS - rows) * sizeof(lines->sent[0]));
    memset(lines->sent[LINES_ROWS - rows], ' ', rows * sizeof(lines->sent[0]));
    lines->row -= rows;
}

/* The screen was cleared: the cursor is further up, and what the current line had is gone. */
static bool is_another(const struct lines *lines, const struct lines_picture *picture)
{
    return picture->cursor_row < lines->row && row_length(lines->sent[lines->row]) != 0 &&
           row_length(picture->rows[lines->row]) == 0;
}

/* A row above the current line, as a line of its own; what that line had comes again below. Blank: nothing is sent. */
static size_t repeat_row(struct lines *lines, unsigned row, const uint8_t now[LINES_COLUMNS], char *text)
{
    unsigned length = row_length(now);

    memcpy(lines->sent[row], now, LINES_COLUMNS);
    if (length == 0)
        return 0;
    size_t at = add_characters(now, 0, length, text, finish_line(lines, text));
    memset(lines->sent[lines->row], ' ', LINES_COLUMNS);
    lines->columns = 0;
    lines->has_repeated = true;
    return send_text(text, at, "\r\n");
}

static size_t look_above(struct lines *lines, const struct lines_picture *picture, char *text)
{
    size_t bytes = 0;

    for (unsigned row = 0; row < lines->row && bytes == 0 && !lines->is_stale; row++) {
        if (is_row_sent(lines->sent[row], picture->rows[row]))
            continue;
        lines->is_stale = !picture->repeats;
        bytes = picture->repeats ? repeat_row(lines, row, picture->rows[row], text) : 0;
    }
    return bytes;
}

/* The current line becomes so many columns of its row. */
static size_t bring_up_row(struct lines *lines, const uint8_t now[LINES_COLUMNS], unsigned columns, char *text)
{
    uint8_t *sent = lines->sent[lines->row];
    unsigned before = lines->columns, same = 0;
    size_t at = 0;

    while (same < before && same < columns && sent[same] == now[same])
        same++;
    if (same < before && before - same <= ERASE_MOST) {
        for (unsigned column = same; column < before; column++)
            at = send_text(text, at, "\b \b");
    } else if (same < before) {
        at = send_text(text, at, "\r");
        for (unsigned column = 0; column < before; column++)
            text[at++] = ' ';
        at = send_text(text, at, "\r");
        same = 0;
    }
    at = add_characters(now, same, columns, text, at);
    memset(sent, ' ', LINES_COLUMNS);
    memcpy(sent, now, columns);
    lines->columns = columns;
    return at;
}

static unsigned last_row(const struct lines_picture *picture)
{
    unsigned row = LINES_ROWS - 1;

    while (row > picture->cursor_row && row_length(picture->rows[row]) == 0)
        row--;
    return row;
}

size_t lines_step(struct lines *lines, const struct lines_picture *picture, char *text)
{
    lines->is_stale = lines->has_repeated = false;
    if (is_another(lines, picture)) {
        size_t at = finish_line(lines, text);
        begin_lines(lines);
        if (at != 0)
            return at;
    }
    size_t bytes = look_above(lines, picture, text);
    if (bytes != 0)
        return bytes;
    unsigned columns = row_length(picture->rows[lines->row]);
    if (lines->row == picture->cursor_row && columns < picture->cursor_column)
        columns = picture->cursor_column;
    bytes = bring_up_row(lines, picture->rows[lines->row], columns, text);
    if (bytes != 0 || lines->row >= last_row(picture))
        return bytes;
    lines->row++;
    lines->columns = 0;
    return send_text(text, 0, "\r\n");
}

size_t lines_tell(struct lines *lines, const char *line, char *text)
{
    size_t at = send_text(text, finish_line(lines, text), line);

    begin_lines(lines);
    return send_text(text, at, "\r\n");
}
