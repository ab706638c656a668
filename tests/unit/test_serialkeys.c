/*
 * test_serialkeys.c - terminal bytes become the keys that a person at a PC keyboard would have pressed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/serialkeys.h"

static struct serialkeys keys;
static uint32_t words[SERIALKEYS_MAX];

static unsigned type(const char *text)
{
    unsigned count = 0;
    for (const char *at = text; *at; at++)
        count = serialkeys_byte(&keys, (uint8_t)*at, 1000, words);
    return count;
}

/* One key without modifiers: its make and its break. */
static void expect_key(const char *text, uint32_t make)
{
    serialkeys_init(&keys);
    assert_int_equal(type(text), 2);
    assert_int_equal(words[0], make);
    assert_int_equal(words[1], make & ~0x10000u);
}

static void plain_characters(void **state)
{
    (void)state;
    expect_key("a", 0x000D6161);
    expect_key("7", 0x000D3737);
    expect_key(" ", 0x000D2020);
    expect_key("\r", 0x000D0A0A);
    expect_key("\n", 0x000D0A0A);
    expect_key("\b", 0x000D0808);
    expect_key("\x7f", 0x000D0808);
    expect_key("\t", 0x000D0909);
}

/* Every printable character: its word carries it as bits 0-7, and Shift goes around where a keyboard needs it. */
static void every_printable_character_arrives(void **state)
{
    (void)state;
    static const char shifted[] = "~!@#$%^&*()_+{}|:\"<>?ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    serialkeys_init(&keys);
    for (unsigned c = 0x20; c < 0x7F; c++) {
        char text[2] = { (char)c, 0 };
        unsigned count = type(text);
        if (strchr(shifted, (int)c)) {
            assert_int_equal(count, 4);
            assert_int_equal(words[0], 0x80098900);
            assert_int_equal(words[1] & 0xFFFF00FF, 0x800D0000 | c);
            assert_int_equal(words[2], words[1] & ~0x10000u);
            assert_int_equal(words[3], 0x00088900);
        } else {
            assert_int_equal(count, 2);
            assert_int_equal(words[0], 0x000D0000 | c << 8 | c);
        }
    }
}

static void control_letters(void **state)
{
    (void)state;
    serialkeys_init(&keys);
    assert_int_equal(type("\x03"), 4);
    assert_int_equal(words[0], 0x20098700);
    assert_int_equal(words[1], 0x200D6303);
    assert_int_equal(words[2], 0x200C6303);
    assert_int_equal(words[3], 0x00088700);
}

static void escape_sequences(void **state)
{
    (void)state;
    expect_key("\x1b[A", 0x000D8181);
    expect_key("\x1b[D", 0x000D8282);
    expect_key("\x1b[B", 0x000D8383);
    expect_key("\x1bOC", 0x000D8484);
    expect_key("\x1bOP", 0x000D8D8D);
    expect_key("\x1b[15~", 0x000D9191);
    expect_key("\x1b[17~", 0x000D9292);
    expect_key("\x1b[24~", 0x000D9898);
    expect_key("\x1b[3~", 0x000D7F7F);
    expect_key("\x1b[H", 0x00098000);
    expect_key("\x1b[5~", 0x00098000);
    serialkeys_init(&keys);
    assert_int_equal(type("\x1b[99~"), 0);
    assert_int_equal(type("\x1b[1;2A"), 4);     /* Shift+Up */
    assert_int_equal(words[1], 0x800D8181);
    assert_int_equal(type("\x1b[<1;2;3M"), 0);
    expect_key("x", 0x000D7878);                /* nothing of it is left behind */
}

static void a_lone_esc_is_the_esc_key_after_50_ms(void **state)
{
    (void)state;
    serialkeys_init(&keys);
    assert_int_equal(type("\x1b"), 0);
    assert_int_equal(serialkeys_flush(&keys, 1000 + 49999999, words), 0);
    assert_int_equal(serialkeys_flush(&keys, 1000 + 50000000, words), 2);
    assert_int_equal(words[0], 0x000D1B1B);
    assert_int_equal(serialkeys_flush(&keys, UINT64_MAX, words), 0);
    assert_int_equal(type("\x1bq"), 4);         /* Esc, then the key */
    assert_int_equal(words[0], 0x000D1B1B);
    assert_int_equal(words[2], 0x000D7171);
}

static void esc_twice_is_two_keys(void **state)
{
    (void)state;
    serialkeys_init(&keys);
    assert_int_equal(serialkeys_byte(&keys, 0x1B, 1000, words), 0);
    assert_int_equal(serialkeys_byte(&keys, 0x1B, 2000, words), 2);
    assert_int_equal(words[0], 0x000D1B1B);
    assert_int_equal(serialkeys_flush(&keys, 1000 + 50000000, words), 0);   /* counted from the second */
    assert_int_equal(serialkeys_flush(&keys, 2000 + 50000000, words), 2);
    assert_int_equal(words[0], 0x000D1B1B);
    assert_int_equal(type("\x1b\x1b[A"), 2);
    assert_int_equal(words[0], 0x000D8181);
}

static void other_control_characters(void **state)
{
    (void)state;
    static const struct { uint8_t byte; char raw; } controls[] = {
        { 0x00, ' ' }, { 0x1C, '\\' }, { 0x1D, ']' }, { 0x1E, '6' }, { 0x1F, '-' },
    };
    for (unsigned i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
        uint32_t raw = (uint8_t)controls[i].raw;
        serialkeys_init(&keys);
        assert_int_equal(serialkeys_byte(&keys, controls[i].byte, 0, words), 4);
        assert_int_equal(words[1], 0x200D0000 | raw << 8 | raw);
    }
}

/* xterm: CSI 1 ; 1 + modifiers final. A keyboard would press them one after another and let go the other way round. */
static void modified_sequences(void **state)
{
    (void)state;
    serialkeys_init(&keys);
    assert_int_equal(type("\x1b[1;8Q"), 8);     /* Shift+Alt+Ctrl+F2 */
    assert_int_equal(words[0], 0x80098900);
    assert_int_equal(words[1], 0x88098500);
    assert_int_equal(words[2], 0xA8098700);
    assert_int_equal(words[3], 0xA80D8E8E);
    assert_int_equal(words[4], 0xA80C8E8E);
    assert_int_equal(words[5], 0x88088700);
    assert_int_equal(words[6], 0x80088500);
    assert_int_equal(words[7], 0x00088900);
    assert_int_equal(type("\x1b[1;3P"), 4);     /* Alt+F1 */
    assert_int_equal(words[1], 0x080D8D8D);
    assert_int_equal(type("\x1b[Z"), 4);        /* Shift+Tab */
    assert_int_equal(words[1], 0x800D0909);
    expect_key("\x1b[1;9A", 0x000D8181);
    expect_key("\x1b[[A", 0x000D8D8D);          /* F1 and F5 of the Linux console */
    expect_key("\x1b[[E", 0x000D9191);
    assert_int_equal(type("\x1b[[F"), 0);
}

/* What broke off, or is longer than any key, leaves nothing behind and eats nothing that follows. */
static void broken_sequences(void **state)
{
    (void)state;
    serialkeys_init(&keys);
    assert_int_equal(type("\x1b\x1b"), 2);
    assert_int_equal(words[0], 0x000D1B1B);
    assert_int_equal(type("[A"), 2);            /* the second ESC began a sequence */
    assert_int_equal(words[0], 0x000D8181);
    assert_int_equal(type("\x1b[12\r"), 2);
    assert_int_equal(words[0], 0x000D0A0A);
    assert_int_equal(type("\x1b[1\x1b[B"), 2);
    assert_int_equal(words[0], 0x000D8383);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(type(i == 0 ? "\x1b[" : "1;"), 0);
    assert_int_equal(type("A"), 0);
    expect_key("x", 0x000D7878);
    assert_int_equal(type("\x1b["), 0);
    assert_int_equal(serialkeys_flush(&keys, UINT64_MAX, words), 4);
    assert_int_equal(words[2], 0x000D5B5B);
    assert_int_equal(type("\x1b[1"), 0);
    assert_int_equal(serialkeys_flush(&keys, UINT64_MAX, words), 0);
}

/* Bytes of which none is a key; then a key that is one. */
static void expect_swallowed(const char *text)
{
    serialkeys_init(&keys);
    for (const char *at = text; *at; at++)
        assert_int_equal(serialkeys_byte(&keys, (uint8_t)*at, 1000, words), 0);
    assert_int_equal(type("x"), 2);
    assert_int_equal(words[0], 0x000D7878);
}

/* What was a bug: what a terminal answers, or tells by itself, was typed. */
static void answers_of_terminals_are_no_keys(void **state)
{
    (void)state;
    expect_swallowed("\x1b]11;rgb:0000/0000/0000\x1b\\");      /* OSC: colours, title, clipboard */
    expect_swallowed("\x1b]10;rgb:ffff/ffff/ffff\a");
    expect_swallowed("\x1b]l\xc3\xa9 title [A OB\x1b\\");
    expect_swallowed("\x1bP>|XTerm(379)\x1b\\\x1bP1$r0m\x1b\\");     /* DCS: version, settings */
    expect_swallowed("\x1bP!|00000000\x1b\\\x1b[?1;2c\x1b]52;c;YQ==\a");
    expect_swallowed("\x1b_Gi=31;OK\x1b\\");                   /* APC: pictures */
    expect_swallowed("\x1b[24;80R\x1b[0n\x1b[?62;22c\x1b[I");   /* CSI: cursor, state, kind, focus */
    expect_swallowed("\x1b[M !!\x1b[M#~~\x1b[MCa\x1d");         /* X10 mouse: any bytes, escapes and UTF-8 among them */
    expect_swallowed("\x1b[M\x1b\xf0\xe9");
    expect_swallowed("\x1b[<0;10;20M\x1b[<0;10;20m\x1b[32;10;20M");
    assert_int_equal(type("\x1b[1;2R"), 4);                /* Shift+F3 */
    assert_int_equal(words[1], 0x800D8F8F);
    expect_key("\x1b[R", 0x000D8F8F);
}

static void a_string_that_breaks_off_eats_nothing(void **state)
{
    (void)state;
    serialkeys_init(&keys);
    assert_int_equal(type("\x1b]11;rgb\x1b[A"), 2);       /* ESC and no backslash: another sequence */
    assert_int_equal(words[0], 0x000D8181);
    assert_int_equal(type("\x1bP1$r\r"), 2);              /* a control byte */
    assert_int_equal(words[0], 0x000D0A0A);
    assert_int_equal(type("\x1b]0;abc"), 0);              /* the line went quiet */
    assert_int_equal(serialkeys_flush(&keys, UINT64_MAX, words), 0);
    assert_int_equal(type("\\"), 2);
    assert_int_equal(type("\x1b]0;abc\x1b"), 0);
    assert_int_equal(serialkeys_flush(&keys, UINT64_MAX, words), 2);
    assert_int_equal(type("\\"), 2);
    assert_int_equal(type("\x1b[M !"), 0);
    assert_int_equal(serialkeys_flush(&keys, UINT64_MAX, words), 0);
    assert_int_equal(type("a"), 2);
    for (const char *lone = "]P_"; *lone; lone++) {        /* Alt and a key by hand */
        const char text[] = { 0x1B, *lone, 0 };
        assert_int_equal(type(text), 0);
        assert_true(serialkeys_flush(&keys, UINT64_MAX, words) >= 4);
        assert_int_equal(words[0], 0x000D1B1B);
        assert_int_equal(words[*lone == ']' ? 2 : 3] & 0x100FF, 0x10000 | (uint8_t)*lone);
    }
    assert_int_equal(type("\x1b]"), 0);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(type("long "), 0);
    assert_int_equal(type("\x1b\\"), 0);
    assert_int_equal(type("x"), 2);
}

static void other_bytes_are_no_keys(void **state)
{
    (void)state;
    serialkeys_init(&keys);
    assert_int_equal(type("\xc3\xa9"), 0);
    for (unsigned i = 0; i < 100000; i++)       /* whatever comes, it fits and ends */
        assert_true(serialkeys_byte(&keys, (uint8_t)(i * 2654435761u >> 24), i, words) <= SERIALKEYS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_characters),
        cmocka_unit_test(every_printable_character_arrives),
        cmocka_unit_test(control_letters),
        cmocka_unit_test(escape_sequences),
        cmocka_unit_test(a_lone_esc_is_the_esc_key_after_50_ms),
        cmocka_unit_test(esc_twice_is_two_keys),
        cmocka_unit_test(other_control_characters),
        cmocka_unit_test(modified_sequences),
        cmocka_unit_test(broken_sequences),
        cmocka_unit_test(answers_of_terminals_are_no_keys),
        cmocka_unit_test(a_string_that_breaks_off_eats_nothing),
        cmocka_unit_test(other_bytes_are_no_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
