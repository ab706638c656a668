/*
 * tapfmt.c - the lines of the TAP stream (PURE).
 */
#include "monitor/tapfmt.h"

#include "base/format.h"
#include "base/string.h"
#include "io/cp437.h"

#define ALL_BYTES(value) ((value) * 0x0101010101010101ull)

typedef uint64_t __attribute__((aligned(1), may_alias)) word_t;

static void append(struct tapfmt_buffer *buffer, const char *bytes, size_t length)
{
    if (length > tapfmt_room(buffer))
        return;
    memcpy(buffer->bytes + buffer->used, bytes, length);
    buffer->used += length;
}

/* The same for a few characters, where a call would cost more than they do. */
static inline void append_string(struct tapfmt_buffer *buffer, const char *text)
{
    while (*text != '\0' && buffer->used < buffer->size)
        buffer->bytes[buffer->used++] = *text++;
}

void tapfmt_text(struct tapfmt_buffer *buffer, const char *format, ...)
{
    char text[TAPFMT_LINE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    size_t length = format_string_v(text, sizeof(text), format, arguments);
    va_end(arguments);
    append(buffer, text, length < sizeof(text) ? length : sizeof(text) - 1);
}

/* Everything that shows as nothing: blank, NUL, and CP437's no-break space. */
static bool is_blank_cell(uint8_t character)
{
    return character == ' ' || character == '\0' || character == 0xFF;
}

/* Copies eight bytes. Of what it returns the top bit of a byte is set if one of them is not printable ASCII. */
static uint64_t copy_eight(char *to, const uint8_t *text)
{
    uint64_t eight = *(const word_t *)text;

    *(word_t *)to = eight;
    return (eight - ALL_BYTES(' ')) | (eight + ALL_BYTES(1));
}

/*
 * Copies a text, and says whether it is all printable ASCII. length: at least 8. The last eight come first, whatever
 * the rest makes of them.
 */
static bool copy_plain(char *to, const uint8_t *text, size_t length)
{
    uint64_t marks = copy_eight(to + length - 8, text + length - 8);
    size_t i = 0;

    for (; i + 32 <= length; i += 32)
        marks |= copy_eight(to + i, text + i) | copy_eight(to + i + 8, text + i + 8) |
                 copy_eight(to + i + 16, text + i + 16) | copy_eight(to + i + 24, text + i + 24);
    for (; i + 8 <= length; i += 8)
        marks |= copy_eight(to + i, text + i);
    return !(marks & ALL_BYTES(0x80));
}

/* The printable ASCII that text begins with, as long as there is room. Returns how many bytes. */
static size_t append_plain(struct tapfmt_buffer *buffer, const uint8_t *text, size_t length)
{
    char *to = buffer->bytes + buffer->used;
    size_t done = 0;

    length = length < tapfmt_room(buffer) ? length : tapfmt_room(buffer);
    while (done + 8 <= length && !(copy_eight(to + done, text + done) & ALL_BYTES(0x80)))
        done += 8;
    for (; done < length && text[done] >= ' ' && text[done] <= '~'; done++)
        to[done] = (char)text[done];
    buffer->used += done;
    return done;
}

/* Not inlined: few rows have any. */
static __attribute__((noinline)) void append_special(struct tapfmt_buffer *buffer, const uint8_t *characters,
                                                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *utf8 = is_blank_cell(characters[i]) ? " " : cp437_utf8(characters[i]);
        append(buffer, utf8, strlen(utf8));
    }
}

/* Cells as UTF-8, NUL as a blank, trailing blanks cut. Returns whether anything was left. */
static bool append_cells(struct tapfmt_buffer *buffer, const uint8_t *characters, size_t count)
{
    while (count > 0 && is_blank_cell(characters[count - 1]))
        count--;
    size_t plain = append_plain(buffer, characters, count);
    if (plain < count)
        append_special(buffer, characters + plain, count - plain);
    return count > 0;
}

/* A row of a console in the same way. */
static bool append_console_row(struct tapfmt_buffer *buffer, const struct vcon *console, unsigned row)
{
    return append_cells(buffer, vcon_text(console, row), VCON_COLS);
}

/* Printable ASCII stays, the rest becomes '?'; in quotes also what YAML would read. */
static void append_text(struct tapfmt_buffer *buffer, const char *text, size_t length, bool quoted)
{
    for (size_t i = 0; i < length; i++) {
        bool printable = text[i] >= ' ' && text[i] <= '~';
        if (quoted && (text[i] == '"' || text[i] == '\\'))
            append(buffer, "\\", 1);
        append(buffer, printable ? &text[i] : "?", 1);
    }
}

void tapfmt_comment(struct tapfmt_buffer *buffer, const char *prefix, const char *text, size_t length)
{
    tapfmt_text(buffer, "# %s%s", prefix, length > 0 && prefix[0] != '\0' ? " " : "");
    append_text(buffer, text, length, false);
    append(buffer, "\n", 1);
}

void tapfmt_set_prefix(struct tapfmt_prefix *prefix, const char *name)
{
    prefix->length = format_string(prefix->text, sizeof(prefix->text), "# %.63s| ", name);
}

void tapfmt_set_last_prefix(struct tapfmt_prefix *prefix, const char *name)
{
    prefix->length = format_string(prefix->text, sizeof(prefix->text), "# %.63s: | ", name);
}

/* By words: there is room for all of them. Returns where the row's text goes. */
static inline char *put_prefix(char *to, const struct tapfmt_prefix *prefix)
{
    const word_t *words = (const word_t *)prefix->text;
    word_t *end = (word_t *)to;

    for (size_t i = 0; 8 * i < prefix->length; i++)
        end[i] = words[i];
    return to + prefix->length;
}

/* Most rows: of letters, and there is room. False: it was not put. */
static inline bool put_plain_row(struct tapfmt_buffer *buffer, const struct tapfmt_prefix *prefix,
                                 const uint8_t *characters, size_t count)
{
    bool has_room = tapfmt_room(buffer) > sizeof(prefix->text) + VCON_COLS;

    if (!has_room || count - 8 > VCON_COLS - 8 || characters[count - 1] == ' ')
        return false;
    char *to = put_prefix(buffer->bytes + buffer->used, prefix);
    if (!copy_plain(to, characters, count))
        return false;
    to[count] = '\n';
    buffer->used = (size_t)(to + count + 1 - buffer->bytes);
    return true;
}

/* Not inlined: what it needs must not cost those that need it not. */
static __attribute__((noinline)) void append_row(struct tapfmt_buffer *buffer, const struct tapfmt_prefix *prefix,
                                                 const uint8_t *characters, size_t count)
{
    size_t start = buffer->used;

    append(buffer, prefix->text, prefix->length);
    if (append_cells(buffer, characters, count))
        append_string(buffer, "\n");
    else
        buffer->used = start;
}

void tapfmt_row(struct tapfmt_buffer *buffer, const struct tapfmt_prefix *prefix, const uint8_t *characters,
                size_t count)
{
    if (!put_plain_row(buffer, prefix, characters, count))
        append_row(buffer, prefix, characters, count);
}

void tapfmt_debug(struct tapfmt_buffer *buffer, const char *name, const uint8_t *characters, size_t count)
{
    size_t start = buffer->used;

    tapfmt_text(buffer, "# %.63s? ", name);
    if (append_cells(buffer, characters, count))
        append_string(buffer, "\n");
    else
        buffer->used = start;
}

/* What follows '#' on a verdict line: "exit 77 in 120 ms". */
static void append_result(struct tapfmt_buffer *buffer, const struct tapfmt_result *result)
{
    unsigned long long milliseconds = result->milliseconds;

    switch (result->end) {
    case TAPFMT_EXIT: tapfmt_text(buffer, " # exit %d in %llu ms", result->status, milliseconds); break;
    case TAPFMT_CRASH: tapfmt_text(buffer, " # crash 0x%08x in %llu ms", (unsigned)result->status, milliseconds); break;
    case TAPFMT_TIMEOUT: tapfmt_text(buffer, " # timeout after %llu ms", milliseconds); break;
    case TAPFMT_KILLED: tapfmt_text(buffer, " # killed after %llu ms", milliseconds); break;
    case TAPFMT_REFUSED:
        tapfmt_text(buffer, " # refused: ");
        append_text(buffer, result->reason, strlen(result->reason), false);
        break;
    }
}

/* The same as a value of the YAML block. */
static void append_got(struct tapfmt_buffer *buffer, const struct tapfmt_result *result)
{
    unsigned long long milliseconds = result->milliseconds;

    switch (result->end) {
    case TAPFMT_EXIT: tapfmt_text(buffer, "  got: exit %d\n", result->status); break;
    case TAPFMT_CRASH: tapfmt_text(buffer, "  got: crash 0x%08x\n", (unsigned)result->status); break;
    case TAPFMT_TIMEOUT: tapfmt_text(buffer, "  got: timeout after %llu ms\n", milliseconds); break;
    case TAPFMT_KILLED: tapfmt_text(buffer, "  got: killed after %llu ms\n", milliseconds); break;
    case TAPFMT_REFUSED: tapfmt_text(buffer, "  got: refused\n"); break;
    }
}

static void append_quoted(struct tapfmt_buffer *buffer, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    tapfmt_text(buffer, "  %s: \"", key);
    append_text(buffer, value, strlen(value), true);
    tapfmt_text(buffer, "\"\n");
}

/* What was expected and what was seen, one below the other. */
static void append_differences(struct tapfmt_buffer *buffer, const struct tapfmt_result *result)
{
    if (result->difference_count != 0)
        tapfmt_text(buffer, "  differences: |\n");
    for (unsigned i = 0; i < result->difference_count; i++) {
        const struct tapfmt_line *line = &result->differences[i];
        tapfmt_text(buffer, "    |%s ", line->label);
        (void)append_cells(buffer, line->characters, line->count);
        tapfmt_text(buffer, "\n");
    }
}

/* The last line of a report, which is the advice. */
static void append_advice(struct tapfmt_buffer *buffer, const char *report)
{
    size_t end = report != NULL ? strlen(report) : 0;

    while (end > 0 && report[end - 1] == '\n')
        end--;
    size_t start = end;
    while (start > 0 && report[start - 1] != '\n')
        start--;
    if (start == end)
        return;
    tapfmt_text(buffer, "  advice: \"");
    append_text(buffer, report + start, end - start, true);
    tapfmt_text(buffer, "\"\n");
}

/* What the report had no room for: its lines, of which none is empty. */
static void append_rest(struct tapfmt_buffer *buffer, const char *rest)
{
    if (rest == NULL || rest[0] == '\0')
        return;
    tapfmt_text(buffer, "  more: |\n");
    while (rest[0] != '\0') {
        const char *end = strchr(rest, '\n');
        size_t length = end != NULL ? (size_t)(end - rest) : strlen(rest);
        tapfmt_text(buffer, "    |");
        append_text(buffer, rest, length, false);
        tapfmt_text(buffer, "\n");
        rest += length + (end != NULL ? 1 : 0);
    }
}

/* The rows of the console down to the last one with text. */
static void append_console(struct tapfmt_buffer *buffer, const struct vcon *console)
{
    size_t end = buffer->used;
    size_t start = end;

    tapfmt_text(buffer, "  console: |\n");
    for (unsigned row = 0; row < VCON_ROWS; row++) {
        append(buffer, "    |", 5);
        bool has_text = append_console_row(buffer, console, row);
        append(buffer, "\n", 1);
        if (has_text)
            end = buffer->used;
    }
    buffer->used = end;     /* drops the blank rows at the end, or the key when all were blank */
    if (end == start)
        tapfmt_text(buffer, "  console: \"\"\n");
}

void tapfmt_verdict(struct tapfmt_buffer *buffer, const struct tapfmt_result *result)
{
    tapfmt_text(buffer, "%s %u - %s", result->ok ? "ok" : "not ok", result->number, result->name);
    if (result->ok || result->end == TAPFMT_REFUSED)
        append_result(buffer, result);
    tapfmt_text(buffer, "\n");
    if (result->ok || result->end == TAPFMT_REFUSED)
        return;
    tapfmt_text(buffer, "  ---\n  expected: %s\n", result->expected);
    append_got(buffer, result);
    append_quoted(buffer, "reason", result->reason);
    append_quoted(buffer, "registers", result->registers);
    append_advice(buffer, result->report);
    append_rest(buffer, result->rest);
    append_differences(buffer, result);
    if (result->console != NULL)
        append_console(buffer, result->console);
    tapfmt_text(buffer, "  ...\n");
}

void tapfmt_dump_heading(struct tapfmt_buffer *buffer, unsigned number, const char *name, const struct vcon *console)
{
    tapfmt_text(buffer, "== %u %s cursor %u,%u ==\n", number, name, console == NULL ? 0u : console->row,
                console == NULL ? 0u : console->column);
}

void tapfmt_dump_row(struct tapfmt_buffer *buffer, const struct vcon *console, unsigned row)
{
    if (console != NULL)
        (void)append_console_row(buffer, console, row);
    append(buffer, "\n", 1);
}
