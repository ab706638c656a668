/*
 * test_keymap.c - key words against a table written from docs/abi.md "Keyboard word", for every set-1
 * scancode and modifier.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/keymap.h"

/* Scancode, unshifted character, shifted character: the typewriter keys of a US keyboard. */
static const struct { uint8_t code; char plain, shifted; } typewriter[] = {
    { 0x02, '1', '!' }, { 0x03, '2', '@' }, { 0x04, '3', '#' }, { 0x05, '4', '$' }, { 0x06, '5', '%' },
    { 0x07, '6', '^' }, { 0x08, '7', '&' }, { 0x09, '8', '*' }, { 0x0A, '9', '(' }, { 0x0B, '0', ')' },
    { 0x0C, '-', '_' }, { 0x0D, '=', '+' }, { 0x10, 'q', 'Q' }, { 0x11, 'w', 'W' }, { 0x12, 'e', 'E' },
    { 0x13, 'r', 'R' }, { 0x14, 't', 'T' }, { 0x15, 'y', 'Y' }, { 0x16, 'u', 'U' }, { 0x17, 'i', 'I' },
    { 0x18, 'o', 'O' }, { 0x19, 'p', 'P' }, { 0x1A, '[', '{' }, { 0x1B, ']', '}' }, { 0x1E, 'a', 'A' },
    { 0x1F, 's', 'S' }, { 0x20, 'd', 'D' }, { 0x21, 'f', 'F' }, { 0x22, 'g', 'G' }, { 0x23, 'h', 'H' },
    { 0x24, 'j', 'J' }, { 0x25, 'k', 'K' }, { 0x26, 'l', 'L' }, { 0x27, ';', ':' }, { 0x28, '\'', '"' },
    { 0x29, '`', '~' }, { 0x2B, '\\', '|' }, { 0x2C, 'z', 'Z' }, { 0x2D, 'x', 'X' }, { 0x2E, 'c', 'C' },
    { 0x2F, 'v', 'V' }, { 0x30, 'b', 'B' }, { 0x31, 'n', 'N' }, { 0x32, 'm', 'M' }, { 0x33, ',', '<' },
    { 0x34, '.', '>' }, { 0x35, '/', '?' }, { 0x39, ' ', ' ' }, { 0x01, 0x1B, 0x1B }, { 0x0E, '\b', '\b' },
    { 0x0F, '\t', '\t' }, { 0x1C, '\n', '\n' },
};
#define TYPEWRITER (sizeof(typewriter) / sizeof(typewriter[0]))

static uint32_t send(struct keymap *keymap, uint8_t code)
{
    uint32_t word = 0xFFFFFFFF;
    assert_true(keymap_scancode(keymap, code, &word));
    return word;
}

static void silent(struct keymap *keymap, uint8_t code)
{
    uint32_t word;
    assert_false(keymap_scancode(keymap, code, &word));
}

static void the_contracts_example(void **state)
{
    (void)state;
    struct keymap keymap;
    keymap_init(&keymap);
    assert_int_equal(send(&keymap, 0x1E), 0x000D6161);
    assert_int_equal(send(&keymap, 0x9E), 0x000C6161);
}

/* Shift, Ctrl and CapsLock in every combination on every typewriter key, make and break. */
static void typewriter_keys_with_all_modifiers(void **state)
{
    (void)state;
    for (unsigned combination = 0; combination < 8; combination++) {
        bool shift = combination & 1, control = combination & 2, caps = combination & 4;
        struct keymap keymap;
        keymap_init(&keymap);
        uint32_t bits = (shift ? 0x80000000u : 0) | (control ? 0x20000000u : 0) | (caps ? 0x02000000u : 0);
        if (caps) {
            assert_int_equal(send(&keymap, 0x3A), 0x02098B00);
            assert_int_equal(send(&keymap, 0xBA), 0x02088B00);
        }
        if (shift)
            send(&keymap, 0x2A);
        if (control)
            send(&keymap, 0x1D);
        for (unsigned i = 0; i < TYPEWRITER; i++) {
            uint8_t plain = (uint8_t)typewriter[i].plain, character = plain;
            bool letter = plain >= 'a' && plain <= 'z';
            if (letter ? shift != caps : shift)
                character = (uint8_t)typewriter[i].shifted;
            if (letter && control)
                character = (uint8_t)(plain & 0x1F);
            uint32_t word = bits | 0x000C0000 | (uint32_t)plain << 8 | character;
            assert_int_equal(send(&keymap, typewriter[i].code), word | 0x10000);
            assert_int_equal(send(&keymap, typewriter[i].code | 0x80), word);
        }
    }
}

static void modifiers_and_locks(void **state)
{
    (void)state;
    /* prefix, scancode, raw, state bit */
    static const struct { uint8_t prefix, code, raw; uint32_t bit; } keys[] = {
        { 0, 0x2A, 0x89, 1u << 31 }, { 0, 0x36, 0x8A, 1u << 30 }, { 0, 0x1D, 0x87, 1u << 29 },
        { 0xE0, 0x1D, 0x88, 1u << 28 }, { 0, 0x38, 0x85, 1u << 27 }, { 0xE0, 0x38, 0x86, 1u << 26 },
    };
    for (unsigned i = 0; i < 6; i++) {
        struct keymap keymap;
        keymap_init(&keymap);
        for (unsigned times = 0; times < 2; times++) {
            if (keys[i].prefix)
                silent(&keymap, keys[i].prefix);
            assert_int_equal(send(&keymap, keys[i].code), keys[i].bit | 0x00090000 | (uint32_t)keys[i].raw << 8);
        }
        if (keys[i].prefix)
            silent(&keymap, keys[i].prefix);
        assert_int_equal(send(&keymap, keys[i].code | 0x80), 0x00080000 | (uint32_t)keys[i].raw << 8);
    }
    struct keymap keymap;
    keymap_init(&keymap);
    assert_int_equal(send(&keymap, 0x45), 0x01098C00);
    assert_int_equal(send(&keymap, 0x45), 0x01098C00);      /* held down: no second toggle */
    assert_int_equal(send(&keymap, 0xC5), 0x01088C00);
    assert_int_equal(send(&keymap, 0x45), 0x00098C00);
}

static void keys_without_characters(void **state)
{
    (void)state;
    static const struct { uint8_t prefix, code, raw; } coded[] = {
        { 0xE0, 0x48, 0x81 }, { 0xE0, 0x4B, 0x82 }, { 0xE0, 0x50, 0x83 }, { 0xE0, 0x4D, 0x84 }, { 0xE0, 0x37, 0x9A },
        { 0, 0x3B, 0x8D }, { 0, 0x44, 0x96 }, { 0, 0x57, 0x97 }, { 0, 0x58, 0x98 },
    };
    static const uint8_t undefined[] = { 0x47, 0x49, 0x4F, 0x51, 0x52 };    /* Home PgUp End PgDn Ins */
    struct keymap keymap;
    keymap_init(&keymap);
    for (unsigned i = 0; i < sizeof(coded) / sizeof(coded[0]); i++) {
        if (coded[i].prefix)
            silent(&keymap, coded[i].prefix);
        assert_int_equal(send(&keymap, coded[i].code), 0x000D0000u | (uint32_t)coded[i].raw << 8 | coded[i].raw);
    }
    for (unsigned i = 0; i < sizeof(undefined); i++) {
        silent(&keymap, 0xE0);
        assert_int_equal(send(&keymap, undefined[i]), 0x00098000);
    }
    silent(&keymap, 0xE0);
    assert_int_equal(send(&keymap, 0x53), 0x000D7F7F);
    silent(&keymap, 0xE0);      /* the shifts that keyboards send around grey keys are no keys */
    silent(&keymap, 0x2A);
    silent(&keymap, 0xE1);
    silent(&keymap, 0x1D);
    assert_int_equal(send(&keymap, 0x45), 0x000D9999);
    silent(&keymap, 0xE1);
    silent(&keymap, 0x9D);
    assert_int_equal(send(&keymap, 0xC5), 0x000C9999);
}

static void the_numeric_pad_gives_digits_whatever_numlock_says(void **state)
{
    (void)state;
    static const char pad[] = "789-456+1230.";
    for (unsigned numlock = 0; numlock < 2; numlock++) {
        struct keymap keymap;
        keymap_init(&keymap);
        uint32_t bits = 0;
        if (numlock) {
            send(&keymap, 0x45);
            send(&keymap, 0xC5);
            bits = 1u << 24;
        }
        for (unsigned i = 0; i < 13; i++)
            assert_int_equal(send(&keymap, (uint8_t)(0x47 + i)),
                             bits | 0x000F0000 | (uint32_t)pad[i] << 8 | (uint8_t)pad[i]);
        assert_int_equal(send(&keymap, 0x37), bits | 0x000F2A2A);
        silent(&keymap, 0xE0);
        assert_int_equal(send(&keymap, 0x35), bits | 0x000F2F2F);
        silent(&keymap, 0xE0);
        assert_int_equal(send(&keymap, 0x1C), bits | 0x000F0A0A);
    }
}

/* What no 105-key set-1 keyboard sends, make or break, gives no word and leaves nothing behind. */
static void all_other_scancodes_are_silent(void **state)
{
    (void)state;
    struct keymap keymap;
    uint32_t word;
    for (unsigned code = 0; code <= 0xFF; code++) {
        unsigned key = code & 0x7F;
        if (code == 0xE0 || code == 0xE1)
            continue;
        keymap_init(&keymap);
        bool known = key >= 0x01 && key <= 0x58 && key != 0x55;
        assert_true(keymap_scancode(&keymap, (uint8_t)code, &word) == known);
        if (!known)
            assert_int_equal(send(&keymap, 0x1E), 0x000D6161);
    }
}

/* Behind E0: what has no code of its own is a key that is not defined, the shifts nobody pressed are none. */
static void all_other_extended_scancodes_are_undefined(void **state)
{
    (void)state;
    static const uint8_t coded[] = { 0x1C, 0x1D, 0x35, 0x37, 0x38, 0x46, 0x48, 0x4B, 0x4D, 0x50, 0x53 };
    struct keymap keymap;
    for (unsigned code = 0; code <= 0xFF; code++) {
        if (code == 0xE0 || code == 0xE1 || memchr(coded, (int)(code & 0x7F), sizeof(coded)))
            continue;
        keymap_init(&keymap);
        silent(&keymap, 0xE0);
        if ((code & 0x7F) == 0x2A || (code & 0x7F) == 0x36)
            silent(&keymap, (uint8_t)code);
        else
            assert_int_equal(send(&keymap, (uint8_t)code), code & 0x80 ? 0x00088000 : 0x00098000);
        assert_int_equal(send(&keymap, 0x1E), 0x000D6161);
    }
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    struct keymap keymap;
    uint32_t word, random = 1;
    keymap_init(&keymap);
    for (unsigned i = 0; i < 1000000; i++) {
        random = random * 1664525 + 1013904223;
        keymap_scancode(&keymap, (uint8_t)(random >> 24), &word);
    }
}

static void every_shifted_character_has_its_key(void **state)
{
    (void)state;
    for (unsigned character = 0; character < 256; character++) {
        unsigned found = 0;
        for (unsigned raw = ' '; raw < 127 && found == 0; raw++)
            if (raw != character && keymap_shifted((uint8_t)raw) == character)
                found = raw;
        assert_int_equal(keymap_unshifted((uint8_t)character), found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shifted_character_has_its_key),
        cmocka_unit_test(the_contracts_example),
        cmocka_unit_test(typewriter_keys_with_all_modifiers),
        cmocka_unit_test(modifiers_and_locks),
        cmocka_unit_test(keys_without_characters),
        cmocka_unit_test(the_numeric_pad_gives_digits_whatever_numlock_says),
        cmocka_unit_test(all_other_scancodes_are_silent),
        cmocka_unit_test(all_other_extended_scancodes_are_undefined),
        cmocka_unit_test(any_bytes_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
