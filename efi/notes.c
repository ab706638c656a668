/*
 * notes.c - what the loader could not do, kept for the hypervisor's log: the firmware's console is gone by then.
 */
#include "efi_app.h"

static char notes[512];
static uint64_t used;

static void append(const char *text)
{
    while (*text && used < sizeof(notes) - 2)
        notes[used++] = *text++;
}

void note(const char *text, const char *name)
{
    append(text);
    if (name)
        append(name);
    notes[used++] = '\n';
    if (used > sizeof(notes) - 2)
        used = sizeof(notes) - 2;
}

void note_number(const char *text, uint64_t number, const char *unit)
{
    char digits[64];
    unsigned at = 20, end = 20;

    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    while (*unit && end < sizeof(digits) - 1)
        digits[end++] = *unit++;
    digits[end] = '\0';
    note(text, digits + at);
}

void notes_copy(char *to, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes; i++)
        to[i] = i < used && i + 1 < bytes ? notes[i] : 0;
}
