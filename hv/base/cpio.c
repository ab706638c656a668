/*
 * cpio.c - read a cpio archive in the "newc" format (PURE).
 *
 * An entry is a header of 110 ASCII characters, the name with its NUL, padding to 4, the data, padding to 4. Padding
 * counts from the start of the archive. The archive may be hostile: every length is checked before it is used.
 */
#include "base/cpio.h"

#define HEADER_BYTES 110u
#define FIELD_CHARACTERS 8u
#define MAGIC "070701"
#define MAGIC_CHARACTERS 6u
#define TRAILER "TRAILER!!!"

/* The fields that matter, by their place among the thirteen behind the magic. */
enum field { FIELD_MODE = 1, FIELD_DATA_BYTES = 6, FIELD_NAME_BYTES = 11 };

static bool hex_digit_read(char digit, uint32_t *value)
{
    if (digit >= '0' && digit <= '9')
        *value = (uint32_t)(digit - '0');
    else if (digit >= 'a' && digit <= 'f')
        *value = (uint32_t)(digit - 'a') + 10;
    else if (digit >= 'A' && digit <= 'F')
        *value = (uint32_t)(digit - 'A') + 10;
    else
        return false;
    return true;
}

static bool field_read(const char *header, enum field field, uint32_t *value)
{
    const char *text = header + MAGIC_CHARACTERS + FIELD_CHARACTERS * field;
    uint32_t digit;

    *value = 0;
    for (unsigned i = 0; i < FIELD_CHARACTERS; i++) {
        if (!hex_digit_read(text[i], &digit))
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

/* The first count characters are the same; neither side is read further. */
static bool starts_with(const char *text, const char *start, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (text[i] != start[i])
            return false;
    }
    return true;
}

/* A name ends with its one NUL: a second one inside would make two readers see two different names. */
static bool name_is_terminated(const char *name, uint32_t bytes_with_nul)
{
    for (uint32_t i = 0; i + 1 < bytes_with_nul; i++) {
        if (name[i] == '\0')
            return false;
    }
    return bytes_with_nul > 0 && name[bytes_with_nul - 1] == '\0';
}

/* Smallest multiple of 4 that is not below value; value is at most size, which leaves room: sizes of objects do. */
static uint64_t align_4(uint64_t value)
{
    return (value + 3) & ~(uint64_t)3;
}

bool cpio_next(const void *archive, uint64_t size, uint64_t *position, struct cpio_entry *entry)
{
    uint64_t start = *position;
    uint32_t mode, data_bytes, name_bytes;

    if (start > size || size - start < HEADER_BYTES)
        return false;
    const char *header = (const char *)archive + start;
    if (!starts_with(header, MAGIC, MAGIC_CHARACTERS) || !field_read(header, FIELD_MODE, &mode) ||
        !field_read(header, FIELD_DATA_BYTES, &data_bytes) || !field_read(header, FIELD_NAME_BYTES, &name_bytes))
        return false;

    const char *name = header + HEADER_BYTES;
    uint64_t name_start = start + HEADER_BYTES;
    if (name_bytes > size - name_start || !name_is_terminated(name, name_bytes))
        return false;
    if (name_bytes == sizeof(TRAILER) && starts_with(name, TRAILER, sizeof(TRAILER)))
        return false;

    uint64_t data_start = align_4(name_start + name_bytes);
    if (data_start > size || data_bytes > size - data_start)
        return false;
    uint64_t end = align_4(data_start + data_bytes);

    *entry = (struct cpio_entry){ .name = name, .name_bytes = name_bytes - 1, .mode = mode,
                                  .data = (const char *)archive + data_start, .size = data_bytes };
    *position = end < size ? end : size;
    return true;
}
