/*
 * test_inject.c - the event frame to the byte: all combinations of the EFLAGS bits that guests can have, random rest.
 *
 * Expected bits are spelled out as numbers from docs/abi.md "Events", not by the constants that the code uses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guest/inject.h"
#include "random.h"

#define RANDOM_COUNT 200000u

/* What becomes of each bit: shown in the frame, and left set in the handler's real EFLAGS. */
static const struct {
    unsigned bit;
    bool is_shown, is_left;
} bits[] = {
    { 0, true, true },      /* CF */
    { 2, true, true },      /* PF */
    { 4, true, true },      /* AF */
    { 6, true, true },      /* ZF */
    { 7, true, true },      /* SF */
    { 8, true, false },     /* TF */
    { 10, true, true },     /* DF */
    { 11, true, true },     /* OF */
    { 14, false, false },   /* NT */
    { 16, true, false },    /* RF */
    { 18, false, true },    /* AC */
    { 21, false, true },    /* ID */
};
#define BIT_COUNT (sizeof(bits) / sizeof(bits[0]))

static void expect_frame(const struct inject_context *context, uint32_t error_word, uint32_t fault_address)
{
    uint32_t shown = 1u << 1 | (uint32_t)context->virtual_if << 9;
    uint32_t left = 1u << 1 | 1u << 9;
    struct inject_frame frame;

    for (unsigned i = 0; i < BIT_COUNT; i++) {
        uint32_t bit = context->eflags & 1u << bits[i].bit;
        shown |= bits[i].is_shown ? bit : 0;
        left |= bits[i].is_left ? bit : 0;
    }
    memset(&frame, 0xAA, sizeof(frame));
    inject_build(&frame, context, error_word, fault_address);
    assert_int_equal(frame.word_count, context->is_user ? 6 : 5);
    assert_int_equal(frame.esp, context->is_user ? context->esp0 - 24 : context->esp - 20);
    assert_int_equal(frame.words[0], fault_address);
    assert_int_equal(frame.words[1], error_word);
    assert_int_equal(frame.words[2], context->eip);
    assert_int_equal(frame.words[3], context->is_user ? 0x13370000 : 0x1337);
    assert_int_equal(frame.words[4], shown);
    if (context->is_user)
        assert_int_equal(frame.words[5], context->esp);
    assert_int_equal(frame.eflags, left);
}

static void test_every_eflags_value(void **state)
{
    (void)state;
    for (uint32_t pattern = 0; pattern < 1u << BIT_COUNT; pattern++)
        for (unsigned mode = 0; mode < 4; mode++) {
            struct inject_context context = { .eip = 0x100000, .esp = 0x200000, .esp0 = 0x300000, .eflags = 0x202,
                                              .is_user = mode & 1, .virtual_if = mode & 2 };
            for (unsigned i = 0; i < BIT_COUNT; i++)
                context.eflags |= (pattern >> i & 1) << bits[i].bit;
            expect_frame(&context, 0, 0);
        }
}

/* Bits that a guest cannot have must not come through either: IOPL, VM, VIF, VIP and the undefined ones. */
static void test_random_contexts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RANDOM_COUNT; i++) {
        struct inject_context context = { random_u32(), random_u32(), random_u32(), random_u32(),
                                          random_u32() & 1, random_u32() & 1 };
        expect_frame(&context, random_u32(), random_u32());
    }
}

/* A stack at the bottom wraps to addresses that nobody can write, instead of landing somewhere by accident. */
static void test_stack_wraps(void **state)
{
    (void)state;
    for (uint32_t esp = 0; esp < 24; esp++) {
        struct inject_context context = { .esp = esp, .esp0 = esp };
        expect_frame(&context, 1, 2);
        context.is_user = true;
        expect_frame(&context, 1, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_eflags_value),
        cmocka_unit_test(test_random_contexts),
        cmocka_unit_test(test_stack_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
