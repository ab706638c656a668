/*
 * words.h - what the command line of a kernel of tests/vpc asks for.
 */
#ifndef TESTS_VPC_WORDS_H
#define TESTS_VPC_WORDS_H

#include <stdbool.h>

static inline bool has_word(const char *line, const char *word)
{
    for (; *line != 0; line++) {
        unsigned i = 0;
        while (word[i] != 0 && line[i] == word[i])
            i++;
        if (word[i] == 0)
            return true;
    }
    return false;
}

#endif
