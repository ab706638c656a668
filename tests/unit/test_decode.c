/*
 * test_decode.c - the instruction at EIP: every first byte, every prefix, every length, and code that ends too early.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/decode.h"

/* An exact copy on the heap, so that every byte read too many is caught. */
static struct decoded decode(const uint8_t *bytes, unsigned count)
{
    uint8_t *room = malloc(count != 0 ? count : 1);
    memcpy(room, bytes, count);
    struct decoded decoded = decode_instruction(room, count);
    free(room);
    return decoded;
}

#define DECODE(...) decode((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void expect_other(struct decoded decoded)
{
    assert_int_equal(decoded.kind, DECODE_OTHER);
    assert_null(decoded.name);
    assert_int_equal(decoded.length, 0);
}

static void expect_int(struct decoded decoded, uint8_t vector, uint8_t length)
{
    assert_int_equal(decoded.kind, DECODE_INT);
    assert_int_equal(decoded.vector, vector);
    assert_int_equal(decoded.length, length);
    assert_non_null(decoded.name);
}

static void expect_name(struct decoded decoded, const char *name)
{
    assert_int_equal(decoded.kind, DECODE_PRIVILEGED);
    assert_string_equal(decoded.name, name);
}

static void test_every_int(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 256; n++)
        expect_int(DECODE(0xCD, (uint8_t)n), (uint8_t)n, 2);
    expect_int(DECODE(0xCC), 3, 1);
    expect_int(DECODE(0xCE), 4, 1);
    expect_int(DECODE(0xCD, 0x80, 0xCD, 0x81), 0x80, 2);
    expect_other(DECODE(0xCD));
}

static const uint8_t legal_prefixes[] = { 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF2, 0xF3 };

static void test_prefixes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(legal_prefixes); i++) {
        expect_int(DECODE(legal_prefixes[i], 0xCD, 0x42), 0x42, 3);
        expect_int(DECODE(0x66, legal_prefixes[i], 0xCC), 3, 3);
        expect_name(DECODE(legal_prefixes[i], 0xEE), "out");
        expect_other(DECODE(legal_prefixes[i]));
    }
    expect_other(DECODE(0xF0, 0xCD, 0x42));
    expect_other(DECODE(0x66, 0xF0, 0xF4));
    expect_other(DECODE(0xF0, 0xFA));
    expect_other(DECODE(0x40, 0xCD, 0x42));     /* INC EAX here, no prefix */
}

/* Fifteen bytes are an instruction, sixteen are #GP(0) whatever they say. */
static void test_longest(void **state)
{
    uint8_t bytes[20];

    (void)state;
    for (unsigned prefixes = 0; prefixes <= 17; prefixes++) {
        memset(bytes, 0x2E, sizeof(bytes));
        bytes[prefixes] = 0xCD;
        bytes[prefixes + 1] = 0x99;
        for (unsigned count = prefixes + 2; count <= sizeof(bytes); count++)
            if (prefixes <= 13)
                expect_int(decode(bytes, count), 0x99, (uint8_t)(prefixes + 2));
            else
                expect_other(decode(bytes, count));
    }
    memset(bytes, 0x2E, sizeof(bytes));
    expect_other(decode(bytes, sizeof(bytes)));
}

static void test_hlt(void **state)
{
    struct decoded plain = DECODE(0xF4), prefixed = DECODE(0xF3, 0xF4);

    (void)state;
    assert_int_equal(plain.kind, DECODE_HLT);
    assert_int_equal(plain.length, 1);
    assert_string_equal(plain.name, "hlt");
    assert_int_equal(prefixed.kind, DECODE_HLT);
    assert_int_equal(prefixed.length, 2);
}

/* All 256 first bytes: exactly these are known, nothing else may be taken for them. */
static void test_every_first_byte(void **state)
{
    static const struct {
        uint8_t first, last;
        const char *name;
    } known[] = {
        { 0x6C, 0x6D, "ins" }, { 0x6E, 0x6F, "outs" }, { 0xCC, 0xCC, "int3" }, { 0xCD, 0xCD, "int" },
        { 0xCE, 0xCE, "into" }, { 0xE4, 0xE5, "in" }, { 0xE6, 0xE7, "out" }, { 0xEC, 0xED, "in" },
        { 0xEE, 0xEF, "out" }, { 0xF4, 0xF4, "hlt" }, { 0xFA, 0xFA, "cli" }, { 0xFB, 0xFB, "sti" },
    };

    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        const char *expected = NULL;
        for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            if (byte >= known[i].first && byte <= known[i].last)
                expected = known[i].name;
        struct decoded decoded = DECODE((uint8_t)byte, 0x90, 0x90);     /* 0F 90 is SETO */
        if (expected == NULL)
            expect_other(decoded);
        else
            assert_string_equal(decoded.name, expected);
    }
}

static void test_two_byte_opcodes(void **state)
{
    (void)state;
    expect_name(DECODE(0x0F, 0x06), "clts");
    expect_name(DECODE(0x0F, 0x08), "invd");
    expect_name(DECODE(0x0F, 0x09), "wbinvd");
    expect_name(DECODE(0x0F, 0x20, 0xD8), "mov from a control register");
    expect_name(DECODE(0x0F, 0x22, 0xD8), "mov to a control register");
    expect_name(DECODE(0x0F, 0x21, 0xF8), "mov from a debug register");
    expect_name(DECODE(0x0F, 0x23, 0xF8), "mov to a debug register");
    expect_name(DECODE(0x0F, 0x30), "wrmsr");
    expect_name(DECODE(0x0F, 0x32), "rdmsr");
    expect_name(DECODE(0x0F, 0x33), "rdpmc");
    expect_name(DECODE(0x0F, 0x34), "sysenter");
    expect_name(DECODE(0x0F, 0x35), "sysexit");
    expect_name(DECODE(0x0F, 0x07), "sysret");
    expect_other(DECODE(0x0F, 0x31));           /* RDTSC runs */
    expect_other(DECODE(0x0F, 0xA2));           /* CPUID too */
    expect_other(DECODE(0x0F));
}

static void test_groups(void **state)
{
    static const char *const group6[8] = { "sldt", "str", "lldt", "ltr" };
    static const char *const group7_memory[8] = { "sgdt", "sidt", "lgdt", "lidt", "smsw", NULL, "lmsw", "invlpg" };
    static const char *const group7_register[8] = { NULL, NULL, NULL, NULL, "smsw", NULL, "lmsw", NULL };

    (void)state;
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        unsigned reg = modrm >> 3 & 7;
        const char *expected[2] = { group6[reg], modrm < 0xC0 ? group7_memory[reg] : group7_register[reg] };
        if (modrm == 0xD1)
            expected[1] = "xsetbv";
        for (uint8_t group = 0; group < 2; group++) {
            struct decoded decoded = DECODE(0x0F, group, (uint8_t)modrm);
            if (expected[group] == NULL)
                expect_other(decoded);
            else
                expect_name(decoded, expected[group]);
        }
    }
    expect_other(DECODE(0x0F, 0x00));
    expect_other(DECODE(0x0F, 0x01));
}

static void test_nothing_readable(void **state)
{
    (void)state;
    expect_other(decode((const uint8_t *)"", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_int),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_hlt),
        cmocka_unit_test(test_every_first_byte),
        cmocka_unit_test(test_two_byte_opcodes),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_nothing_readable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
