/*
 * line_words.h - a line that a person wrote, as words: blanks part them, quotes keep them together (PURE).
 */
#ifndef MONITOR_LINE_WORDS_H
#define MONITOR_LINE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct family_rights;

#define WORDS_MAX 32
#define WORDS_BYTES 4096        /* longest line, in bytes */

struct words {
    unsigned count;
    const char *word[WORDS_MAX];        /* into storage, NUL-terminated; an escape may have put NUL inside too */
    size_t length[WORDS_MAX];
    char storage[WORDS_BYTES + WORDS_MAX + 1];
};

/*
 * Split line into words. A '#' at the start of a word begins a comment. Between double quotes, which may stand anywhere
 * in a word, blanks and '#' are text and C escapes (\n \t \r \b \a \e \f \v \\ \" \' \? \ooo \xhh) are read; outside of
 * them a backslash is a backslash, as in \guests\name. Returns NULL, or what is wrong with the line (a constant text);
 * the words before the fault are there even then.
 */
const char *words_split(struct words *words, const char *line, size_t length);

/* If word is "KEY=VALUE" for this key, the value; else NULL. key is given with its '='. */
const char *words_value(const char *word, const char *key);

/*
 * Read a size: a number with K, M or G (either case) or without, which means unit_bytes. NULL, or what is wrong. The
 * whole text must be the size.
 */
const char *words_parse_size(const char *text, uint64_t unit_bytes, uint64_t *bytes);
/* Guest RAM: the same, MiB without a letter; a multiple of 4 KiB, at most what guest addresses reach, and not 0. */
const char *words_parse_memory(const char *text, uint32_t *bytes);
/* Read a time of up to 1,000,000 s: a number with ms, s or m (minutes), or without, which means seconds. Never 0. */
const char *words_parse_time(const char *text, uint64_t *milliseconds);
/* Read a 32-bit status, decimal (a minus sign is allowed) or hexadecimal: -2147483648 to 4294967295. */
const char *words_parse_status(const char *text, uint32_t *status);

/*
 * control, control=on, control=off, children=N, memory=SIZE: what a guest may start. False: the word is none of them.
 * *wrong: what is wrong with it, or as it was.
 */
bool words_read_right(const char *word, struct family_rights *rights, const char **wrong);

#endif
