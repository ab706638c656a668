/*
 * words.c - see words.h.
 */
#include <stddef.h>

#include "words.h"

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\n';
}

/*
 * Copies the word down over its quotes and ends it with NUL, in place of the blank or & behind it if need be. Where the
 * line goes on, or NULL: a quote is not closed.
 */
static char *word_take(char *from, bool *ampersand)
{
    char *to = from, quote = '\0';

    for (; *from != '\0'; from++) {
        if (quote != '\0' ? *from == quote : *from == '"' || *from == '\'')
            quote = quote != '\0' ? '\0' : *from;
        else if (quote == '\0' && (is_blank(*from) || *from == '&'))
            break;
        else
            *to++ = *from;
    }
    if (quote != '\0')
        return NULL;
    *ampersand = *from == '&';
    char *rest = *from == '\0' ? from : from + 1;
    *to = '\0';
    return rest;
}

static bool is_status(const char *word)
{
    return word[0] == '$' && word[1] == '?' && word[2] == '\0';
}

const char *command_parse(char *line, const char *status_text, struct command *command)
{
    command->count = 0;
    command->background = false;
    for (;;) {
        while (is_blank(*line))
            line++;
        if (*line == '\0' || *line == '#')
            break;
        if (command->background)
            return "& is only for the end of a line";
        if (*line == '&') {
            command->background = true;
            line++;
            continue;
        }
        if (command->count == COMMAND_WORDS_MAX)
            return "too many words";
        char *word = line;
        line = word_take(word, &command->background);
        if (line == NULL)
            return "a quote is not closed";
        command->words[command->count++] = is_status(word) ? status_text : word;
    }
    command->words[command->count] = NULL;
    return command->background && command->count == 0 ? "nothing before the &" : NULL;
}
