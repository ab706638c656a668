/*
 * zeroes.h - do bytes hold nothing but zeroes?
 */
#ifndef BASE_ZEROES_H
#define BASE_ZEROES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/string.h"

/* Most that do not are known by their first 64. Bound: count, some 14 instructions for each 64 bytes. */
static inline bool zeroes_are_all(const uint8_t *bytes, uint32_t count)
{
    uint64_t words[8];

    for (; count >= sizeof(words); bytes += sizeof(words), count -= (uint32_t)sizeof(words)) {
        memcpy(words, bytes, sizeof(words));
        if (words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] | words[7])
            return false;
    }
    while (count > 0 && bytes[count - 1] == 0)
        count--;
    return count == 0;
}

#endif
