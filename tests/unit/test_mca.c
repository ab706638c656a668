/*
 * test_mca.c - machine-check banks on paper, and which processors need help.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/mca.h"
#include "cpu/quirks.h"

#define HAS_BANKS (1u << 14)

static uint64_t capabilities, banks[32][4];
static unsigned reads;

static uint64_t read_msr(uint32_t msr)
{
    reads++;
    if (msr == 0x179)
        return capabilities;
    assert_in_range(msr, 0x400, 0x47F);
    assert_true((msr - 0x400) / 4 < (capabilities & 0xFF));
    return banks[(msr - 0x400) / 4][msr % 4];
}

static const char *describe(size_t bytes)
{
    static char text[400];

    memset(text, 'x', sizeof(text));
    mca_describe(text, bytes, HAS_BANKS, read_msr);
    assert_true(strlen(text) < bytes && text[bytes] == 'x');
    return text;
}

static int begin(void **state)
{
    (void)state;
    memset(banks, 0, sizeof(banks));
    capabilities = 0x1000C0A;
    reads = 0;
    return 0;
}

static void banks_are_named(void **state)
{
    (void)state;
    assert_string_equal(describe(300), "; no bank of 10 tells of an error");
    banks[4][1] = 0xBE00000000800400;
    banks[4][2] = 0xDEADB000;
    banks[9][1] = 0xC000000000000151;
    banks[9][2] = 0x1234;                   /* the status does not say that it means anything */
    banks[5][1] = 0x7E00000000000000;       /* not valid */
    assert_string_equal(describe(300), "; bank 4 of 10: uncorrected, status 0xbe00000000800400, address 0xdeadb000"
                                       "; bank 9 of 10: corrected, one of several, status 0xc000000000000151");
}

/* As many banks as the register can say, all of them full, in every room: cut, and never beyond. */
static void all_banks_fill_any_room(void **state)
{
    (void)state;
    capabilities = 0xFF;
    assert_string_equal(describe(300), "; no bank of 255 tells of an error");   /* and no MSR above bank 31 is read */
    memset(banks, 0xFF, sizeof(banks));
    for (size_t bytes = 1; bytes < 399; bytes++)
        describe(bytes);
}

static void no_banks_are_not_read(void **state)
{
    char text[10] = "x";
    (void)state;
    mca_describe(text, sizeof(text), ~HAS_BANKS, read_msr);
    assert_string_equal(text, "");
    assert_int_equal(reads, 0);
}

static void c1e_is_left_where_it_stops_the_alarm(void **state)
{
    static const struct { const char *vendor; uint32_t signature, features; bool must; } cases[] = {
        { "AuthenticAMD", 0x00100F42, 0, true },            /* Phenom II */
        { "AuthenticAMD", 0x00060FB1, 0, true },            /* Athlon 64 X2, revision G */
        { "AuthenticAMD", 0x00060FB1, 1u << 31, false },    /* QEMU's of that name */
        { "AuthenticAMD", 0x00020FB1, 0, false },           /* revision E: no C1E, no such MSR */
        { "AuthenticAMD", 0x00500F10, 0, false },           /* family 14h */
        { "AuthenticAMD", 0x00800F11, 0, false },           /* Zen */
        { "GenuineIntel", 0x00000F41, 0, false },           /* family 0Fh is a Pentium 4 here */
        { "CentaurHauls", 0x000006FA, 0, false },
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(quirks_must_leave_c1e(cases[i].vendor, cases[i].signature, cases[i].features), cases[i].must);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(banks_are_named, begin),
        cmocka_unit_test_setup(all_banks_fill_any_room, begin),
        cmocka_unit_test_setup(no_banks_are_not_read, begin),
        cmocka_unit_test(c1e_is_left_where_it_stops_the_alarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
