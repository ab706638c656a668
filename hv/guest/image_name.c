/*
 * image_name.c - the name of a guest's image, out of what a person, a configuration or a volume says (PURE).
 */
#include "guest/image_name.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

static bool is_slash(char character)
{
    return character == '/' || character == '\\';
}

/* Skip "guests/", "/guests/" and the same with backslashes. */
static const char *skip_folder(const char *text)
{
    static const char folder[] = "guests";
    const char *inside = text + (is_slash(*text) ? 1 : 0);
    char start[sizeof(folder)];

    (void)text_copy(start, sizeof(start), inside);
    if (text_equal_nocase(start, folder) && is_slash(inside[sizeof(folder) - 1]))
        return inside + sizeof(folder);
    return text;
}

static bool is_name_character(char character)
{
    return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
           (character >= '0' && character <= '9') || character == '.' || character == '_' || character == '-';
}

const char *image_name_parse(const char *text, char name[IMAGE_NAME_BYTES])
{
    const char *from = skip_folder(text);
    const char *wrong = text_copy(name, IMAGE_NAME_BYTES, from) ? NULL : "a guest's name has at most 63 characters";

    if (*from == '\0') {
        (void)text_copy(name, IMAGE_NAME_BYTES, "?");
        return "a guest's name is missing";
    }
    for (char *character = name; *character != '\0'; character++) {
        if (is_name_character(*character))
            continue;
        *character = '?';
        wrong = "a guest's name has only A-Z a-z 0-9 . _ -, after \\guests\\ at most";
    }
    return wrong;
}
