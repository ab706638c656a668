/*
 * held_keys.c - the keys that the console in view has seen go down (PURE).
 */
#include "io/held_keys.h"

#include "base/string.h"
#include "io/keymap.h"
#include "pebpeb.h"

static uint8_t raw_of(uint32_t key)
{
    return (uint8_t)((key & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT);
}

uint32_t held_key(uint32_t key_word, uint8_t scancode)
{
    uint32_t key = key_word & (HV_KEY_RAW_MASK | HV_KEY_NUMPAD);
    return raw_of(key) == HV_KEYCODE_UNDEFINED ? key | scancode : key;
}

bool held_take(struct held *held, uint32_t key_word, uint8_t scancode)
{
    uint32_t key = held_key(key_word, scancode);
    unsigned at = 0;

    while (at < held->count && held->keys[at] != key)
        at++;
    bool is_down = at < held->count;
    if (key_word & HV_KEY_MAKE) {
        if (!is_down && held->count == HELD_KEYS)
            return false;
        held->keys[at] = key;       /* or it repeats */
        held->count += !is_down;
        return true;
    }
    if (is_down)
        memmove(&held->keys[at], &held->keys[at + 1], (--held->count - at) * sizeof(held->keys[0]));
    return is_down;
}

bool held_let_go(struct held *held, uint32_t locks, uint32_t *key_word)
{
    uint32_t state = locks;

    if (held->count == 0)
        return false;
    uint32_t key = held->keys[--held->count];
    for (unsigned i = 0; i < held->count; i++)
        state |= keymap_modifier(raw_of(held->keys[i]));
    *key_word = keymap_word(state, raw_of(key), key & HV_KEY_NUMPAD, false);
    return true;
}
