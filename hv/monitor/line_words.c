/*
 * line_words.c - a line that a person wrote, as words; and the kinds of value a word can hold (PURE).
 */
#include "monitor/line_words.h"

#include "base/string.h"
#include "base/text.h"
#include "guest/family.h"
#include "pebpeb.h"

#define CHILDREN_MEMORY_MAX (1ull << 40)

/* The rest of a line while it is read, and where the words go. */
struct scan {
    const char *next, *end;
    char *out;
};

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r';
}

/* The value of a digit in this base, or -1. */
static int escape_digit(char character, int base)
{
    int value = -1;

    if (character >= '0' && character <= '9')
        value = character - '0';
    else if (character >= 'a' && character <= 'f')
        value = character - 'a' + 10;
    else if (character >= 'A' && character <= 'F')
        value = character - 'A' + 10;
    return value < base ? value : -1;
}

/* Up to limit digits of a numeric escape. */
static const char *read_digits(struct scan *scan, int base, int limit)
{
    int value = 0;
    int count = 0;

    while (count < limit && scan->next < scan->end && escape_digit(*scan->next, base) >= 0) {
        value = value * base + escape_digit(*scan->next++, base);
        count++;
    }
    if (count == 0)
        return "\\x needs one or two hexadecimal digits";
    if (value > 255)
        return "an octal escape above \\377";
    *scan->out++ = (char)value;
    return NULL;
}

static const char *read_escape(struct scan *scan)
{
    static const char letters[] = "ntrbaefv\\\"'?";
    static const char meanings[] = "\n\t\r\b\a\x1B\f\v\\\"'?";

    if (scan->next == scan->end)
        return "the line ends inside a quoted text";
    char letter = *scan->next++;
    if (letter == 'x')
        return read_digits(scan, 16, 2);
    if (escape_digit(letter, 8) >= 0) {
        scan->next--;
        return read_digits(scan, 8, 3);
    }
    const char *found = letter != '\0' ? strchr(letters, letter) : NULL;
    if (found == NULL)
        return "unknown escape in a quoted text; known: \\n \\t \\r \\b \\a \\e \\f \\v \\\\ \\\" \\' \\? \\ooo \\xhh";
    *scan->out++ = meanings[found - letters];
    return NULL;
}

static const char *read_quoted(struct scan *scan)
{
    while (scan->next < scan->end) {
        char character = *scan->next++;
        if (character == '"')
            return NULL;
        if (character != '\\') {
            *scan->out++ = character;
            continue;
        }
        const char *wrong = read_escape(scan);
        if (wrong != NULL)
            return wrong;
    }
    return "a quoted text without its closing quote";
}

static const char *read_word(struct scan *scan)
{
    while (scan->next < scan->end && !is_blank(*scan->next)) {
        char character = *scan->next++;
        if (character != '"') {
            *scan->out++ = character;
            continue;
        }
        const char *wrong = read_quoted(scan);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

const char *words_split(struct words *words, const char *line, size_t length)
{
    const char *wrong = length > WORDS_BYTES ? "the line is longer than 4096 bytes" : NULL;
    struct scan scan = { line, line + (wrong == NULL ? length : WORDS_BYTES), words->storage };

    words->count = 0;
    for (;;) {
        while (scan.next < scan.end && is_blank(*scan.next))
            scan.next++;
        if (scan.next == scan.end || *scan.next == '#')
            return wrong;
        if (words->count == WORDS_MAX)
            return "more than 32 words";
        char *start = scan.out;
        const char *fault = read_word(&scan);
        if (fault != NULL) {
            *start = '\0';
            return wrong != NULL ? wrong : fault;
        }
        words->word[words->count] = start;
        words->length[words->count++] = (size_t)(scan.out - start);
        *scan.out++ = '\0';
    }
}

const char *words_value(const char *word, const char *key)
{
    size_t length = strlen(key);

    return strncmp(word, key, length) == 0 ? word + length : NULL;
}

/* The number of bytes that a size letter stands for, or 0. */
static uint64_t size_unit(char letter)
{
    switch (letter) {
    case 'k': case 'K': return 1ull << 10;
    case 'm': case 'M': return 1ull << 20;
    case 'g': case 'G': return 1ull << 30;
    default: return 0;
    }
}

const char *words_parse_size(const char *text, uint64_t unit_bytes, uint64_t *bytes)
{
    uint64_t number;
    const char *rest = text_parse_u64(text, &number);
    uint64_t unit = unit_bytes;

    if (rest == NULL)
        return "not a size; write a number and K, M or G, as in 24M";
    if (*rest != '\0') {
        unit = size_unit(*rest);
        if (unit == 0 || rest[1] != '\0')
            return "not a size; write a number and K, M or G, as in 24M";
    }
    return __builtin_mul_overflow(number, unit, bytes) ? "the size is too large" : NULL;
}

const char *words_parse_memory(const char *text, uint32_t *bytes)
{
    uint64_t size;
    const char *wrong = words_parse_size(text, 1u << 20, &size);

    if (wrong != NULL)
        return wrong;
    if (size == 0 || size % 4096 != 0)
        return "memory is a multiple of 4K, and not 0";
    if (size > (uint64_t)HV_MAX_GVA + 1)
        return "memory above 4080M is beyond every guest address";
    *bytes = (uint32_t)size;
    return NULL;
}

const char *words_parse_time(const char *text, uint64_t *milliseconds)
{
    uint64_t number;
    const char *rest = text_parse_u64(text, &number);
    uint64_t unit = 0;

    if (rest != NULL && (*rest == '\0' || strcmp(rest, "s") == 0))
        unit = 1000;
    else if (rest != NULL && strcmp(rest, "ms") == 0)
        unit = 1;
    else if (rest != NULL && strcmp(rest, "m") == 0)
        unit = 60 * 1000;
    if (unit == 0)
        return "not a time; write 10s, 500ms or 2m";
    if (number == 0 || number > 1000000000ull / unit)
        return "a time is at least 1ms and at most 1000000s";
    *milliseconds = number * unit;
    return NULL;
}

const char *words_parse_status(const char *text, uint32_t *status)
{
    bool negative = *text == '-';
    uint64_t number;
    const char *rest = text_parse_u64(text + negative, &number);

    if (rest == NULL || *rest != '\0')
        return "not a number, crash, timeout or refused";
    if (number > (negative ? 0x80000000ull : 0xFFFFFFFFull))
        return "a status has 32 bits";
    *status = negative ? 0u - (uint32_t)number : (uint32_t)number;
    return NULL;
}

/* Which is told in KiB, in 32 bits. */
static const char *read_children_memory(const char *text, uint64_t *bytes)
{
    const char *wrong = words_parse_size(text, 1u << 20, bytes);

    return wrong == NULL && *bytes > CHILDREN_MEMORY_MAX ? "the size is too large" : wrong;
}

static const char *read_children(const char *text, uint32_t *children)
{
    const char *wrong = words_parse_status(text, children);

    return wrong == NULL && *children >= 1 && *children <= HV_CHILDREN_MAX ? NULL
                                                                          : "children= is a number from 1 to 256";
}

bool words_read_right(const char *word, struct family_rights *rights, const char **wrong)
{
    const char *value;

    if (strcmp(word, "control") == 0 || strcmp(word, "control=on") == 0 || strcmp(word, "control=off") == 0)
        rights->control = strcmp(word, "control=off") != 0;
    else if ((value = words_value(word, "children=")) != NULL)
        *wrong = read_children(value, &rights->most.children);
    else if ((value = words_value(word, "memory=")) != NULL)
        *wrong = read_children_memory(value, &rights->most.memory_bytes);
    else if (words_value(word, "control=") != NULL)
        *wrong = "control= is on or off";
    else
        return false;
    return true;
}
