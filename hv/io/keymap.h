/*
 * keymap.h - scancodes (set 1, US layout) to key words of the guest contract, docs/abi.md "Keyboard word" (PURE).
 */
#ifndef IO_KEYMAP_H
#define IO_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>

/* The keys behind HV_KEYCODE_UNDEFINED that scroll: a key word does not tell them from Home or Ins. */
enum keymap_page { KEYMAP_NO_PAGE, KEYMAP_PAGE_UP, KEYMAP_PAGE_DOWN };

struct keymap {
    uint32_t state;         /* the modifier and lock bits of a key word, now */
    uint32_t held_locks;    /* lock keys that are down: repeats do not toggle again */
    uint8_t prefix;         /* 0xE0 or 0xE1 while a sequence is under way */
    uint8_t skip;           /* bytes of an E1 sequence still to come */
    enum keymap_page page;  /* which page key the last key event was of */
};

void keymap_init(struct keymap *keymap);

/* Take one scancode byte. True: *key_word is a key event, make or break; false: a prefix or nothing known. */
bool keymap_scancode(struct keymap *keymap, uint8_t code, uint32_t *key_word);

/* The key word of a raw code with these state bits (HV_KEY_LSHIFT ...); raw: unshifted character or HV_KEYCODE_*. */
uint32_t keymap_word(uint32_t state, uint8_t raw, bool numpad, bool make);

/* The other way round: the scancode of a key, with 0xE0 in the upper byte where that precedes it; 0: none. */
uint16_t keymap_code_of(uint8_t raw, bool numpad);

/* The state bit of Shift, Ctrl or Alt, left or right; 0 for any other key. */
uint32_t keymap_modifier(uint8_t raw);

/* Whether it is Shift, Ctrl, Alt or a lock: a key that does nothing by itself. */
bool keymap_is_modifier(uint8_t raw);

/* The character that Shift makes of a raw one; itself where Shift changes nothing. */
uint8_t keymap_shifted(uint8_t raw);

/* The key that gives this character only with Shift; 0: none does. */
uint8_t keymap_unshifted(uint8_t character);

#endif
