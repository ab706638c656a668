/*
 * serialkeys.c - terminal bytes (ECMA-48, xterm) back to keys (PURE).
 *
 * A terminal sends what a key means, not that it went down: a capital letter, a control character, a sequence that
 * begins with ESC. Guests want keys. So each is turned into the presses and releases that would have made it on a US
 * keyboard, modifiers included.
 *
 * ESC is both a key and the start of sequences. What follows within 50 ms is taken for a sequence (serialkeys_flush);
 * one that means nothing is followed to its end and dropped, so that its rest is not taken for typed text.
 */
#include "io/serialkeys.h"

#include "base/string.h"
#include "io/keymap.h"
#include "pebpeb.h"

#define BEL 0x07
#define ESC 0x1B
#define DELETE 0x7F
#define LONE_ESC_NS 50000000ull
#define MOUSE_BYTES 6           /* of an X10 report: CSI M, button, column, row */

void serialkeys_init(struct serialkeys *keys)
{
    memset(keys, 0, sizeof(*keys));
}

static const struct { uint32_t state; uint8_t raw; } modifiers[] = {
    { HV_KEY_LSHIFT, HV_KEYCODE_LSHIFT }, { HV_KEY_LALT, HV_KEYCODE_LALT }, { HV_KEY_LCTRL, HV_KEYCODE_LCTRL },
};
#define MODIFIERS (sizeof(modifiers) / sizeof(modifiers[0]))

/* Press and release a key between press and release of the modifiers in state: at most eight words. */
static unsigned press_and_release(uint32_t words[SERIALKEYS_MAX], uint32_t state, uint8_t raw)
{
    uint32_t held = 0;
    unsigned count = 0;

    for (unsigned i = 0; i < MODIFIERS; i++) {
        if (!(state & modifiers[i].state))
            continue;
        held |= modifiers[i].state;
        words[count++] = keymap_word(held, modifiers[i].raw, false, true);
    }
    words[count++] = keymap_word(held, raw, false, true);
    words[count++] = keymap_word(held, raw, false, false);
    for (unsigned i = MODIFIERS; i-- > 0;) {
        if (!(state & modifiers[i].state))
            continue;
        held &= ~modifiers[i].state;
        words[count++] = keymap_word(held, modifiers[i].raw, false, false);
    }
    return count;
}

/* The key that gives this control character with Ctrl on a US keyboard; 0 when none does. ECMA-48 "C0". */
static uint8_t control_key(uint8_t control)
{
    static const char others[] = "\\]6-";    /* 0x1C to 0x1F; terminals take Ctrl+6 for Ctrl+^ */
    if (control == 0)
        return ' ';
    if (control <= 26)
        return (uint8_t)(control - 1 + 'a');
    return control > ESC && control < ' ' ? (uint8_t)others[control - ESC - 1] : 0;
}

static unsigned press_character(uint32_t words[SERIALKEYS_MAX], uint8_t byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        return press_and_release(words, 0, '\n');
    case '\b':
    case DELETE:
        return press_and_release(words, 0, '\b');
    case '\t':
        return press_and_release(words, 0, '\t');
    default:
        break;
    }
    uint8_t raw = byte < ' ' ? control_key(byte) : 0;
    if (byte < ' ')
        return raw ? press_and_release(words, HV_KEY_LCTRL, raw) : 0;
    raw = keymap_unshifted(byte);
    return raw ? press_and_release(words, HV_KEY_LSHIFT, raw) : press_and_release(words, 0, byte);
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

static enum keymap_page numbered_page(unsigned number)
{
    return number == 5 ? KEYMAP_PAGE_UP : number == 6 ? KEYMAP_PAGE_DOWN : KEYMAP_NO_PAGE;
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

/* xterm's second parameter: 1 + (1: Shift, 2: Alt, 4: Ctrl). Absent (0) and what is beyond means none. */
static uint32_t modifier_state(unsigned parameter)
{
    uint32_t state = 0;
    if (parameter < 2 || parameter > 8)
        return 0;
    for (unsigned i = 0; i < MODIFIERS; i++)
        if ((parameter - 1) >> i & 1)
            state |= modifiers[i].state;
    return state;
}

/* OSC, DCS or APC has begun. They differ in what they say, which is not for us: ECMA-48 "Delimited strings". */
static bool is_string(const struct serialkeys *keys)
{
    uint8_t kind = keys->length > 1 ? keys->sequence[1] : 0;
    return kind == ']' || kind == 'P' || kind == '_';
}

/* CSI M has begun, without parameters. Its three bytes may be any. */
static bool is_mouse(const struct serialkeys *keys)
{
    return keys->length > 2 && keys->sequence[1] == '[' && keys->sequence[2] == 'M';
}

/* A whole sequence: ESC [ parameters final, ESC O final, or the Linux console's ESC [ [ final for F1 to F5. */
static unsigned press_sequence(struct serialkeys *keys, uint32_t words[SERIALKEYS_MAX])
{
    unsigned numbers[2] = { 0, 0 }, count = 0;
    uint8_t final = keys->sequence[keys->length - 1];

    if (is_mouse(keys))
        return 0;
    if (keys->length > 2 && keys->sequence[2] == '[')
        return final >= 'A' && final <= 'E' ? press_and_release(words, 0, (uint8_t)(HV_KEYCODE_F1 + final - 'A')) : 0;
    for (unsigned i = 2; i + 1 < keys->length; i++) {
        uint8_t byte = keys->sequence[i];
        if (byte == ';' && count == 0)
            count = 1;
        else if (byte >= '0' && byte <= '9')
            numbers[count] = numbers[count] * 10 + (byte - '0');
        else
            return 0;
    }
    if (final == 'R' && numbers[0] > 1)         /* where the cursor is; CSI 1 ; modifiers R is F3 */
        return 0;
    if (final == 'Z')
        return press_and_release(words, HV_KEY_LSHIFT, '\t');
    keys->page = final == '~' ? numbered_page(numbers[0]) : KEYMAP_NO_PAGE;
    uint8_t raw = final == '~' ? numbered_key(numbers[0]) : lettered_key(final);
    return raw ? press_and_release(words, modifier_state(numbers[1]), raw) : 0;
}

/* Where a sequence stands: a byte behind it either ends it or does not. */
static bool is_final(const struct serialkeys *keys, uint8_t byte)
{
    bool is_prefix = (byte == '[' || byte == 'M') && keys->length == 2 && keys->sequence[1] == '[';

    if (is_string(keys))
        return false;
    return is_mouse(keys) ? keys->length == MOUSE_BYTES - 1 : byte >= 0x40 && !is_prefix;
}

/* The next byte of an escape sequence that began; one that is too long for a key is followed to its end. */
static unsigned continue_sequence(struct serialkeys *keys, uint8_t byte, uint32_t words[SERIALKEYS_MAX])
{
    bool is_whole = keys->length < sizeof(keys->sequence), ends = keys->length > 1 && is_final(keys, byte);

    if (is_whole)
        keys->sequence[keys->length++] = byte;
    if (!ends)
        return 0;
    unsigned count = is_whole ? press_sequence(keys, words) : 0;
    keys->length = 0;
    return count;
}

/* BEL ends a string; ESC does, too, and what follows it says whether it was the first half of ST. */
static void end_string(struct serialkeys *keys, uint8_t byte)
{
    keys->ends_string = byte == ESC;
    keys->length = keys->ends_string ? 1 : 0;
}

static bool leads_on(uint8_t byte)
{
    return byte == '[' || byte == 'O' || byte == ']' || byte == 'P' || byte == '_';
}

/* Alt and a character in most terminals: here ESC, then the character. A control byte cuts a sequence off. */
static unsigned begin_anew(struct serialkeys *keys, uint8_t byte, uint32_t words[SERIALKEYS_MAX])
{
    unsigned count = keys->length == 1 ? press_and_release(words, 0, ESC) : 0;

    keys->length = 0;
    if (byte != ESC)
        return count + press_character(words + count, byte);
    keys->sequence[keys->length++] = byte;
    return count;
}

unsigned serialkeys_byte(struct serialkeys *keys, uint8_t byte, uint64_t now_ns, uint32_t words[SERIALKEYS_MAX])
{
    bool ends_string = keys->ends_string;

    keys->last_ns = now_ns;
    if (is_mouse(keys))
        return continue_sequence(keys, byte, words);
    if (byte >= 0x80)       /* UTF-8 beyond ASCII: no key of a US keyboard gives it */
        return 0;
    keys->ends_string = false;
    if (is_string(keys) && (byte == BEL || byte == ESC)) {
        end_string(keys, byte);
        return 0;
    }
    if (ends_string && byte == '\\') {
        keys->length = 0;
        return 0;
    }
    if (keys->length > 1 && byte >= ' ')
        return continue_sequence(keys, byte, words);
    if (keys->length == 1 && leads_on(byte))
        return continue_sequence(keys, byte, words);
    return begin_anew(keys, byte, words);
}

/* ESC, or ESC and the byte that could have led to more: these keys were meant. Half of anything longer is dropped. */
unsigned serialkeys_flush(struct serialkeys *keys, uint64_t now_ns, uint32_t words[SERIALKEYS_MAX])
{
    unsigned length = keys->length;

    if (length == 0 || now_ns - keys->last_ns < LONE_ESC_NS)
        return 0;
    keys->length = 0;
    keys->ends_string = false;
    if (length > 2)
        return 0;
    unsigned count = press_and_release(words, 0, ESC);
    return length == 2 ? count + press_character(words + count, keys->sequence[1]) : count;
}

uint64_t serialkeys_due_ns(const struct serialkeys *keys)
{
    return keys->length == 0 ? UINT64_MAX : keys->last_ns + LONE_ESC_NS;
}
