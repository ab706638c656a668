/*
 * number.h - decimal numbers in arguments.
 */
#ifndef USER_NUMBER_H
#define USER_NUMBER_H

/* The number at the start of text, with or without '-'; 0 if there is none. What does not fit in 32 bits wraps. */
static inline int number_parse(const char *text)
{
    int negative = *text == '-';
    unsigned value = 0;

    for (text += negative; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (unsigned)(*text - '0');
    return (int)(negative ? 0u - value : value);
}

#endif
