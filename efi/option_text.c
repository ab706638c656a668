/*
 * option_text.c - tell text from binary data, leave out the application's own path, and recode the rest (PURE).
 */
#include "option_text.h"

#define BYTE_ORDER_MARK 0xFEFF
#define SUFFIX_UNITS 4                  /* of ".efi" */

static const struct utf16 suffix = { (const uint8_t *)".\0e\0f\0i", SUFFIX_UNITS, 0 };

static struct utf16 part(const struct utf16 *text, uint64_t from, uint64_t to)
{
    return (struct utf16){ text->bytes + 2 * from, to - from, text->big_endian };
}

static int is_blank(uint16_t unit)
{
    return unit == ' ' || unit == '\t' || unit == '\r' || unit == '\n' || unit == BYTE_ORDER_MARK;
}

static uint16_t lower(uint16_t unit)
{
    return unit >= 'A' && unit <= 'Z' ? (uint16_t)(unit - 'A' + 'a') : unit;
}

static int equal(const struct utf16 *a, const struct utf16 *b)
{
    for (uint64_t i = 0; i < a->units && i < b->units; i++)
        if (lower(utf16_unit(a, i)) != lower(utf16_unit(b, i)))
            return 0;
    return a->units == b->units;
}

/* Is there a ".efi" at the end? Then *stem is what stands before it, else all. */
static int has_suffix(const struct utf16 *path, struct utf16 *stem)
{
    *stem = *path;
    if (path->units <= SUFFIX_UNITS)
        return 0;
    struct utf16 end = part(path, path->units - SUFFIX_UNITS, path->units);
    if (!equal(&end, &suffix))
        return 0;
    stem->units -= SUFFIX_UNITS;
    return 1;
}

static struct utf16 file_name(const struct utf16 *path)
{
    uint64_t start = path->units;
    while (start > 0 && utf16_unit(path, start - 1) != '\\' && utf16_unit(path, start - 1) != '/' &&
           utf16_unit(path, start - 1) != ':')
        start--;
    return part(path, start, path->units);
}

/* The first word of a text that begins with no blank, without the quotes around it; *end: the first unit behind it. */
static struct utf16 first_word(const struct utf16 *text, uint64_t *end)
{
    int quoted = text->units > 0 && utf16_unit(text, 0) == '"';
    uint64_t i = quoted;

    while (i < text->units && (quoted ? utf16_unit(text, i) != '"' : !is_blank(utf16_unit(text, i))))
        i++;
    *end = quoted && i < text->units ? i + 1 : i;
    return part(text, quoted, i);
}

static int names_application(const struct utf16 *word, const struct utf16 *own)
{
    struct utf16 stem, own_stem, own_name = file_name(own), name = file_name(word);

    if (has_suffix(&name, &stem))
        return 1;
    return has_suffix(&own_name, &own_stem) && equal(&name, &own_stem);
}

static struct utf16 without_blanks(const struct utf16 *text)
{
    uint64_t start = 0;
    while (start < text->units && is_blank(utf16_unit(text, start)))
        start++;
    return part(text, start, text->units);
}

static int is_ascii(const struct utf16 *word)
{
    for (uint64_t i = 0; i < word->units; i++)
        if (utf16_unit(word, i) < ' ' || utf16_unit(word, i) > '~')
            return 0;
    return 1;
}

uint64_t option_text_decode(const struct utf16 *options, const struct utf16 *own, char *text, uint64_t capacity)
{
    uint64_t count = 0, end;

    while (count < options->units && utf16_unit(options, count))
        count++;
    struct utf16 rest = part(options, 0, count);
    rest = without_blanks(&rest);
    struct utf16 word = first_word(&rest, &end);
    if (names_application(&word, own)) {
        rest = part(&rest, end, rest.units);
        rest = without_blanks(&rest);
        word = first_word(&rest, &end);
    }
    if (!is_ascii(&word) && utf16_unit(&word, 0) != '#')
        return OPTION_TEXT_BINARY;
    return utf16_to_utf8(&rest, text, capacity);
}
