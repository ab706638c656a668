/*
 * words.h - what was typed, as a command. PURE: a unit test runs it on the host.
 */
#ifndef SHELL_WORDS_H
#define SHELL_WORDS_H

#include <stdbool.h>

#define COMMAND_WORDS_MAX 63            /* exec takes one more, the NULL */

struct command {
    const char *words[COMMAND_WORDS_MAX + 1];   /* NULL behind the last; point into the line */
    int count;
    bool background;                    /* it ended with & */
};

/*
 * Split a line at blanks, in place. "..." and '...' keep blanks; a word $? becomes status_text; # starts a comment.
 * NULL, or what is wrong with it.
 */
const char *command_parse(char *line, const char *status_text, struct command *command);

#endif
