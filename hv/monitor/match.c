/*
 * match.c - what else an autorun is judged by (PURE).
 */
#include "monitor/match.h"

#include "base/format.h"
#include "base/string.h"
#include "io/cp437.h"

#define LONGEST_LINE_BYTES (VCON_COLS * 3)      /* of UTF-8 */

static uint8_t shown(uint8_t character)
{
    return character == '\0' || character == 0xFF ? ' ' : character;
}

/* How many characters a text and a row have in common from their beginnings on. */
static size_t common_start(const uint8_t *text, size_t length, const uint8_t *row, size_t count)
{
    size_t i = 0;

    while (i < length && i < count && shown(text[i]) == shown(row[i]))
        i++;
    return i;
}

/* The longest beginning of a text that a row has anywhere; its whole length: the row has it. */
static size_t longest_start(const uint8_t *text, size_t length, const uint8_t *row, size_t count)
{
    size_t longest = 0;

    for (size_t at = 0; at < count && longest < length; at++) {
        size_t common = common_start(text, length, row + at, count - at);
        longest = common > longest ? common : longest;
    }
    return longest;
}

static const uint8_t *text_of(const struct match *match, const struct config_match *wanted)
{
    return (const uint8_t *)match->config->text + wanted->text;
}

/* Go on to the next text that a row must have. */
static void skip_forbidden(struct match *match)
{
    while (match->next < match->end && match->config->matches[match->next].forbidden)
        match->next++;
}

void match_begin(struct match *match, const struct config *config, const struct config_autorun *autorun)
{
    memset(match, 0, sizeof(*match));
    match->config = config;
    match->first = match->next = autorun->first_match;
    match->end = autorun->first_match + autorun->match_count;
    skip_forbidden(match);
}

static void keep_row(struct match_row *kept, const uint8_t *characters, size_t count)
{
    kept->count = (unsigned)(count < sizeof(kept->characters) ? count : sizeof(kept->characters));
    memcpy(kept->characters, characters, kept->count);
}

static void look_for_forbidden(struct match *match, const uint8_t *characters, size_t count)
{
    for (unsigned i = match->first; i < match->end && match->broken == NULL; i++) {
        const struct config_match *wanted = &match->config->matches[i];
        if (!wanted->forbidden ||
            longest_start(text_of(match, wanted), wanted->length, characters, count) < wanted->length)
            continue;
        match->broken = wanted;
        keep_row(&match->forbidden, characters, count);
    }
}

void match_logged(struct match *match, const uint8_t *text, int length)
{
    bool is_row = length <= VCON_COLS;
    const uint8_t *characters = is_row ? text : text + 1;
    size_t count = is_row ? (size_t)length : text[0];

    look_for_forbidden(match, characters, count);
    if (match->next == match->end)
        return;
    const struct config_match *wanted = &match->config->matches[match->next];
    size_t common = longest_start(text_of(match, wanted), wanted->length, characters, count);
    if (common == wanted->length) {
        match->next++;
        match->nearest_length = 0;
        skip_forbidden(match);
    } else if (common > match->nearest_length) {
        match->nearest_length = (unsigned)common;
        keep_row(&match->nearest, characters, count);
    }
}

/* The lines of --dump-console begin with one that tells whose they are. */
static bool is_heading(const char *line, size_t length)
{
    static const char cursor[] = " cursor ";

    if (length < 6 || memcmp(line, "== ", 3) != 0 || memcmp(line + length - 3, " ==", 3) != 0)
        return false;
    for (size_t i = 3; i + sizeof(cursor) <= length; i++) {
        if (memcmp(line + i, cursor, sizeof(cursor) - 1) == 0)
            return true;
    }
    return false;
}

/* One line of the expected console. NULL, or what is wrong. */
static const char *set_row(struct match *match, unsigned row, const char *line, size_t length)
{
    uint8_t characters[LONGEST_LINE_BYTES];

    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\r'))
        length--;
    if (length == 0)
        return NULL;
    if (row >= VCON_ROWS)
        return "it has more than 25 lines";
    int count = length <= sizeof(characters) ? cp437_from_utf8(characters, line, length) : VCON_COLS + 1;
    if (count < 0)
        return "it has a character that no console shows";
    if (count > VCON_COLS)
        return "a line has more than 80 characters";
    memcpy(match->console[row], characters, (size_t)count);
    return NULL;
}

const char *match_set_console(struct match *match, const char *text, uint64_t bytes)
{
    const char *wrong = NULL;
    bool is_first = true;

    match->has_console = true;
    memset(match->console, ' ', sizeof(match->console));
    if (bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        bytes -= 3;
    }
    for (unsigned row = 0; bytes > 0 && wrong == NULL; is_first = false) {
        uint64_t length = 0;
        while (length < bytes && text[length] != '\n')
            length++;
        uint64_t visible = length > 0 && text[length - 1] == '\r' ? length - 1 : length;
        if (!is_first || !is_heading(text, visible))
            wrong = set_row(match, row++, text, visible);
        length += length < bytes ? 1 : 0;
        text += length;
        bytes -= length;
    }
    return wrong;
}

static void add_line(struct tapfmt_line *lines, unsigned *count, const char *label, const uint8_t *characters,
                     size_t length)
{
    struct tapfmt_line *line = &lines[(*count)++];

    (void)format_string(line->label, sizeof(line->label), "%s", label);
    line->characters = characters;
    line->count = length;
}

static void explain_rows(const struct match *match, struct tapfmt_line *lines, unsigned *count)
{
    if (match->next < match->end) {
        const struct config_match *wanted = &match->config->matches[match->next];
        add_line(lines, count, "expected a row with:", text_of(match, wanted), wanted->length);
        add_line(lines, count, match->nearest_length ? "seen, most like it: " : "seen: no row like it",
                 match->nearest.characters, match->nearest_length ? match->nearest.count : 0);
    }
    if (match->broken != NULL) {
        add_line(lines, count, "expected no row with:", text_of(match, match->broken), match->broken->length);
        add_line(lines, count, "seen:                ", match->forbidden.characters, match->forbidden.count);
    }
}

unsigned match_explain(const struct match *match, const struct vcon *console,
                       struct tapfmt_line lines[TAPFMT_DIFFERENCES_MAX])
{
    char label[sizeof(lines[0].label)];
    unsigned count = 0;

    explain_rows(match, lines, &count);
    for (unsigned row = 0; match->has_console && row < VCON_ROWS && count + 2 <= TAPFMT_DIFFERENCES_MAX; row++) {
        const uint8_t *seen = vcon_text(console, row);
        if (common_start(match->console[row], VCON_COLS, seen, VCON_COLS) == VCON_COLS)
            continue;
        format_string(label, sizeof(label), "row %u expected:", row + 1);
        add_line(lines, &count, label, match->console[row], VCON_COLS);
        format_string(label, sizeof(label), "row %u seen:    ", row + 1);
        add_line(lines, &count, label, seen, VCON_COLS);
    }
    return count;
}
