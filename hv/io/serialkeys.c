/*
 * serialkeys.c - terminal bytes (ECMA-48, xterm) back to keys (PURE).
 */
#include "io/serialkeys.h"

#include <stdbool.h>

#include "base/string.h"
#include "io/keymap.h"
#include "pebpeb.h"

#define ESC 0x1B
#define DELETE 0x7F
#define LONE_ESC_NS 50000000ull

void serialkeys_init(struct serialkeys *keys)
{
    memset(keys, 0, sizeof(*keys));
}

/* Press and release a key, with a modifier pressed around it when state has one. */
static unsigned press(uint32_t words[SERIALKEYS_MAX], uint32_t state, uint8_t raw)
{
    uint8_t modifier = state & HV_KEY_LSHIFT ? HV_KEYCODE_LSHIFT : state & HV_KEY_LCTRL ? HV_KEYCODE_LCTRL : 0;
    unsigned count = 0;

    if (modifier)
        words[count++] = keymap_word(state, modifier, false, true);
    words[count++] = keymap_word(state, raw, false, true);
    words[count++] = keymap_word(state, raw, false, false);
    if (modifier)
        words[count++] = keymap_word(0, modifier, false, false);
    return count;
}

/* The key that gives this character with Shift; 0 when none does. */
static uint8_t unshifted(uint8_t character)
{
    for (unsigned raw = ' '; raw < DELETE; raw++)
        if (raw != character && keymap_shifted((uint8_t)raw) == character)
            return (uint8_t)raw;
    return 0;
}

static unsigned press_character(uint32_t words[SERIALKEYS_MAX], uint8_t byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        return press(words, 0, '\n');
    case '\b':
    case DELETE:
        return press(words, 0, '\b');
    case '\t':
        return press(words, 0, '\t');
    default:
        break;
    }
    if (byte >= 1 && byte <= 26)
        return press(words, HV_KEY_LCTRL, (uint8_t)(byte - 1 + 'a'));
    if (byte < ' ')
        return 0;
    uint8_t raw = unshifted(byte);
    return raw ? press(words, HV_KEY_LSHIFT, raw) : press(words, 0, byte);
}

/* CSI number ~: the function and editing keys of a VT220, by their numbers; 0: unknown. */
static uint8_t numbered_key(unsigned number)
{
    if (number >= 11 && number <= 15)
        return (uint8_t)(HV_KEYCODE_F1 + number - 11);
    if (number >= 17 && number <= 21)
        return (uint8_t)(HV_KEYCODE_F1 + number - 12);
    if (number == 23 || number == 24)
        return (uint8_t)(HV_KEYCODE_F1 + number - 13);
    if (number == 3)
        return DELETE;
    return number >= 1 && number <= 8 ? HV_KEYCODE_UNDEFINED : 0;   /* Home, Ins, End, PgUp, PgDn */
}

/* The final byte of CSI or SS3; 0: unknown. */
static uint8_t lettered_key(uint8_t final)
{
    switch (final) {
    case 'A':
        return HV_KEYCODE_UP;
    case 'B':
        return HV_KEYCODE_DOWN;
    case 'C':
        return HV_KEYCODE_RIGHT;
    case 'D':
        return HV_KEYCODE_LEFT;
    case 'H':
    case 'F':
        return HV_KEYCODE_UNDEFINED;
    default:
        return final >= 'P' && final <= 'S' ? (uint8_t)(HV_KEYCODE_F1 + final - 'P') : 0;
    }
}

/* A whole sequence: ESC [ parameters final, or ESC O final. xterm's second parameter says Shift (2) or Ctrl (5). */
static unsigned press_sequence(const struct serialkeys *keys, uint32_t words[SERIALKEYS_MAX])
{
    unsigned numbers[2] = { 0, 0 }, count = 0;

    for (unsigned i = 2; i + 1 < keys->length; i++) {
        uint8_t byte = keys->sequence[i];
        if (byte == ';' && count == 0)
            count = 1;
        else if (byte >= '0' && byte <= '9')
            numbers[count] = numbers[count] * 10 + (byte - '0');
        else
            return 0;
    }
    uint8_t final = keys->sequence[keys->length - 1];
    uint8_t raw = final == '~' ? numbered_key(numbers[0]) : lettered_key(final);
    uint32_t state = numbers[1] == 2 ? HV_KEY_LSHIFT : numbers[1] == 5 ? HV_KEY_LCTRL : 0;
    return raw ? press(words, state, raw) : 0;
}

/* The next byte of an escape sequence that began. */
static unsigned continue_sequence(struct serialkeys *keys, uint8_t byte, uint32_t words[SERIALKEYS_MAX])
{
    bool is_introducer = keys->length == 1;

    if (is_introducer && byte != '[' && byte != 'O') {
        /* Alt and a character in most terminals: here ESC, then the character. */
        keys->length = 0;
        unsigned count = press(words, 0, ESC);
        return count + press_character(words + count, byte);
    }
    if (keys->length == sizeof(keys->sequence)) {
        keys->length = 0;
        return 0;
    }
    keys->sequence[keys->length++] = byte;
    if (is_introducer || byte < 0x40)
        return 0;
    unsigned count = press_sequence(keys, words);
    keys->length = 0;
    return count;
}

unsigned serialkeys_byte(struct serialkeys *keys, uint8_t byte, uint64_t now_ns, uint32_t words[SERIALKEYS_MAX])
{
    if (byte >= 0x80)       /* UTF-8 beyond ASCII: no key of a US keyboard gives it */
        return 0;
    if (keys->length > 0)
        return continue_sequence(keys, byte, words);
    if (byte != ESC)
        return press_character(words, byte);
    keys->sequence[0] = byte;
    keys->length = 1;
    keys->began_ns = now_ns;
    return 0;
}

unsigned serialkeys_flush(struct serialkeys *keys, uint64_t now_ns, uint32_t words[SERIALKEYS_MAX])
{
    if (keys->length == 0 || now_ns - keys->began_ns < LONE_ESC_NS)
        return 0;
    bool is_lone = keys->length == 1;
    keys->length = 0;
    return is_lone ? press(words, 0, ESC) : 0;
}
