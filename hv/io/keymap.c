/*
 * keymap.c - scancode set 1 ("Keyboard Scan Code Specification", Microsoft) to key words, US layout (PURE).
 *
 * A key word says what key it was (raw), which character it gives with the modifiers that are down now, and those
 * modifiers. State is only what a word needs: modifiers, locks, and where a sequence of several bytes stands. E0 begins
 * one of two bytes, E1 the one of Pause.
 */
#include "io/keymap.h"

#include "base/string.h"
#include "pebpeb.h"

#define BREAK 0x80u
#define E1_BYTES 2              /* that follow the prefix: Pause is E1 1D 45, E1 9D C5 */

/* Set 1, 0x00-0x58: the unshifted character or key code; 0: no such key. 0x01 is Esc. */
static const uint8_t plain[0x59] = {
    [0x01] = 0x1B, '1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '-', '=', '\b', '\t',
    'q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p', '[', ']', '\n', HV_KEYCODE_LCTRL,
    'a', 's', 'd', 'f', 'g', 'h', 'j', 'k', 'l', ';', '\'', '`', HV_KEYCODE_LSHIFT, '\\',
    'z', 'x', 'c', 'v', 'b', 'n', 'm', ',', '.', '/', HV_KEYCODE_RSHIFT, '*', HV_KEYCODE_LALT, ' ',
    HV_KEYCODE_CAPSLOCK, HV_KEYCODE_F1, HV_KEYCODE_F1 + 1, HV_KEYCODE_F1 + 2, HV_KEYCODE_F1 + 3, HV_KEYCODE_F1 + 4,
    HV_KEYCODE_F1 + 5, HV_KEYCODE_F1 + 6, HV_KEYCODE_F1 + 7, HV_KEYCODE_F1 + 8, HV_KEYCODE_F1 + 9, HV_KEYCODE_NUMLOCK,
    HV_KEYCODE_UNDEFINED, '7', '8', '9', '-', '4', '5', '6', '+', '1', '2', '3', '0', '.',
    HV_KEYCODE_PRINTSCREEN, 0, '\\', HV_KEYCODE_F1 + 10, HV_KEYCODE_F1 + 11,
};

/*
 * Behind E0. Everything else there that a keyboard sends is an undefined key; 2A and 36 are shifts that nobody pressed.
 */
static uint8_t extended(uint8_t code)
{
    switch (code) {
    case 0x1C: return '\n';
    case 0x1D: return HV_KEYCODE_RCTRL;
    case 0x2A: return 0;
    case 0x35: return '/';
    case 0x36: return 0;
    case 0x37: return HV_KEYCODE_PRINTSCREEN;
    case 0x38: return HV_KEYCODE_RALT;
    case 0x46: return HV_KEYCODE_PAUSE;
    case 0x48: return HV_KEYCODE_UP;
    case 0x4B: return HV_KEYCODE_LEFT;
    case 0x4D: return HV_KEYCODE_RIGHT;
    case 0x50: return HV_KEYCODE_DOWN;
    case 0x53: return 0x7F;
    default: return HV_KEYCODE_UNDEFINED;
    }
}

static enum keymap_page page_of(uint8_t code)
{
    return code == 0x49 ? KEYMAP_PAGE_UP : code == 0x51 ? KEYMAP_PAGE_DOWN : KEYMAP_NO_PAGE;
}

static bool is_numpad(uint8_t code, bool is_extended)
{
    if (is_extended)
        return code == 0x1C || code == 0x35;
    return code == 0x37 || (code >= 0x47 && code <= 0x53);
}

uint16_t keymap_code_of(uint8_t raw, bool numpad)
{
    if (raw == 0 || raw == HV_KEYCODE_UNDEFINED)
        return 0;
    for (unsigned code = 1; code < sizeof(plain); code++)
        if (plain[code] == raw && is_numpad((uint8_t)code, false) == numpad)
            return (uint16_t)code;
    for (unsigned code = 1; code < BREAK; code++)
        if (extended((uint8_t)code) == raw && is_numpad((uint8_t)code, true) == numpad)
            return (uint16_t)(0xE000 | code);
    return 0;
}

uint32_t keymap_modifier(uint8_t raw)
{
    switch (raw) {
    case HV_KEYCODE_LALT: return HV_KEY_LALT;
    case HV_KEYCODE_RALT: return HV_KEY_RALT;
    case HV_KEYCODE_LCTRL: return HV_KEY_LCTRL;
    case HV_KEYCODE_RCTRL: return HV_KEY_RCTRL;
    case HV_KEYCODE_LSHIFT: return HV_KEY_LSHIFT;
    case HV_KEYCODE_RSHIFT: return HV_KEY_RSHIFT;
    default: return 0;
    }
}

static uint32_t lock_bit(uint8_t raw)
{
    return raw == HV_KEYCODE_CAPSLOCK ? HV_KEY_CAPSLOCK : raw == HV_KEYCODE_NUMLOCK ? HV_KEY_NUMLOCK : 0;
}

bool keymap_is_modifier(uint8_t raw)
{
    return keymap_modifier(raw) || lock_bit(raw);
}

/* Keys that are no letters, and what they give with Shift. */
static const char plain_keys[] = "1234567890-=[];'`\\,./", shifted_keys[] = "!@#$%^&*()_+{}:\"~|<>?";

uint8_t keymap_shifted(uint8_t raw)
{
    if (raw >= 'a' && raw <= 'z')
        return (uint8_t)(raw - 'a' + 'A');
    const char *at = raw < 0x80 && raw >= ' ' ? strchr(plain_keys, raw) : 0;
    return at && *at ? (uint8_t)shifted_keys[at - plain_keys] : raw;
}

uint8_t keymap_unshifted(uint8_t character)
{
    if (character >= 'A' && character <= 'Z')
        return (uint8_t)(character - 'A' + 'a');
    const char *at = character < 0x80 && character >= ' ' ? strchr(shifted_keys, character) : 0;
    return at && *at ? (uint8_t)plain_keys[at - shifted_keys] : 0;
}

static uint8_t character_of(uint32_t state, uint8_t raw, bool numpad)
{
    bool letter = raw >= 'a' && raw <= 'z';
    bool shift = state & (HV_KEY_LSHIFT | HV_KEY_RSHIFT);

    if (letter && (state & (HV_KEY_LCTRL | HV_KEY_RCTRL)))
        return (uint8_t)(raw - 'a' + 1);
    if (letter && (state & HV_KEY_CAPSLOCK))
        shift = !shift;
    return shift && !numpad ? keymap_shifted(raw) : raw;
}

uint32_t keymap_word(uint32_t state, uint8_t raw, bool numpad, bool make)
{
    uint32_t word = state | (uint32_t)raw << HV_KEY_RAW_SHIFT | HV_KEY_HASRAW | (make ? HV_KEY_MAKE : 0) |
                    (numpad ? HV_KEY_NUMPAD : 0);
    if (raw == HV_KEYCODE_UNDEFINED || keymap_is_modifier(raw))
        return word;
    return word | HV_KEY_HASDATA | character_of(state, raw, numpad);
}

/* A held key repeats its make; a lock toggles once for each press. */
static void update_state(struct keymap *keymap, uint8_t raw, bool make)
{
    uint32_t modifier = keymap_modifier(raw), lock = lock_bit(raw);

    keymap->state = make ? keymap->state | modifier : keymap->state & ~modifier;
    if (make && lock && !(keymap->held_locks & lock))
        keymap->state ^= lock;
    keymap->held_locks = make ? keymap->held_locks | lock : keymap->held_locks & ~lock;
}

void keymap_init(struct keymap *keymap)
{
    *keymap = (struct keymap){ 0 };
}

static bool key_event(struct keymap *keymap, uint8_t raw, bool numpad, bool make, uint32_t *key_word)
{
    if (raw == 0)
        return false;
    update_state(keymap, raw, make);
    *key_word = keymap_word(keymap->state, raw, numpad, make);
    return true;
}

bool keymap_scancode(struct keymap *keymap, uint8_t code, uint32_t *key_word)
{
    bool make = !(code & BREAK);
    uint8_t prefix = keymap->prefix, key = (uint8_t)(code & ~BREAK);

    if (keymap->skip > 0) {
        if (--keymap->skip > 0)
            return false;
        keymap->page = KEYMAP_NO_PAGE;
        return key_event(keymap, HV_KEYCODE_PAUSE, false, make, key_word);
    }
    keymap->prefix = 0;
    if (code == 0xE0) {
        keymap->prefix = code;
        return false;
    }
    if (code == 0xE1) {
        keymap->skip = E1_BYTES;
        return false;
    }
    keymap->page = prefix != 0xE0 ? KEYMAP_NO_PAGE : page_of(key);
    if (prefix == 0xE0)
        return key_event(keymap, extended(key), is_numpad(key, true), make, key_word);
    return key_event(keymap, key < sizeof(plain) ? plain[key] : 0, is_numpad(key, false), make, key_word);
}
