/*
 * test_debug_sites.c - guest/debug_sites: the shapes of the debug print in an image, and the INT that replaces one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/debug_sites.h"

#define AROUND (DEBUG_SITES_BEFORE + DEBUG_SITES_BYTES)
#define ALL ((1u << AROUND) - 1)

/* The first site of an image that is as long as these bytes, so that ASan sees a look beyond them. */
static uint32_t find(const char *bytes, uint32_t count, uint32_t from)
{
    uint8_t *copy = malloc(count);

    memcpy(copy, bytes, count);
    uint32_t found = debug_sites_next(copy, count, from);
    free(copy);
    return found;
}

#define FIND(bytes, from) find(bytes, sizeof(bytes) - 1, from)

static void known_shapes(void **state)
{
    (void)state;
    assert_int_equal(FIND("\x8B\x4C\x24\x0C\xB8\0\0\0\0\x87\xDB\x5B\xC3", 0), 9);
    assert_int_equal(FIND("\x53\x8B\x5D\x08\x8B\x4D\x0C\x90\x87\xDB\x5B", 0), 8);
    assert_int_equal(FIND("........\x87\xDB\x5B........\x87\xDB\x5B", 0), 8);
    assert_int_equal(FIND("........\x87\xDB\x5B........\x87\xDB\x5B", 9), 19);
    assert_int_equal(FIND("........\x87\xDB\x5B\x87\xDB\x5B", 11), 11);
}

static void what_is_no_site(void **state)
{
    (void)state;
    assert_int_equal(FIND("........\x87\xDB\x58", 0), 11);         /* another instruction follows */
    assert_int_equal(FIND("........\x87\xDB", 0), 10);             /* or none */
    assert_int_equal(FIND("........\x87\xD9\x5B", 0), 11);
    assert_int_equal(FIND(".......\x66\x87\xDB\x5B", 0), 11);      /* XCHG BX,BX */
    assert_int_equal(FIND(".......\x87\xDB\x5B", 0), 10);          /* too near to the start */
    assert_int_equal(FIND("........\x87\xDB\x5B", 9), 11);
    assert_int_equal(FIND("x", 0), 1);
    assert_int_equal(debug_sites_next(NULL, 0, 0), 0);
}

static void vectors_of_the_images_own(void **state)
{
    static const char bytes[] = "\xCD\xF0\x5B..\xCD\xEF\x5B..\xCD\xFF\x5B..\xCD\xF3\x58\xCD\xF1";

    (void)state;
    uint8_t *copy = malloc(sizeof(bytes) - 1);
    memcpy(copy, bytes, sizeof(bytes) - 1);
    assert_int_equal(debug_sites_vectors(copy, sizeof(bytes) - 1), 0x8001);
    assert_int_equal(debug_sites_vectors(copy, 2), 0);
    free(copy);
}

static void a_site_is_known_by_what_is_before_it(void **state)
{
    struct debug_sites sites = { .vector = 0xF4 };
    uint8_t around[AROUND];
    uint64_t before;

    (void)state;
    memcpy(around, "abcdefgh\xCD\xF4\x5B", AROUND);
    memcpy(&before, around, sizeof(before));
    assert_false(debug_sites_is(&sites, 0xF4, around, ALL));
    assert_true(debug_sites_add(&sites, before + 1));
    assert_true(debug_sites_add(&sites, before));
    assert_true(debug_sites_add(&sites, before));
    assert_int_equal(sites.kind_count, 2);
    assert_true(debug_sites_is(&sites, 0xF4, around, ALL));
    assert_false(debug_sites_is(&sites, 0xF5, around, ALL));
    for (unsigned i = 0; i < AROUND; i++) {
        around[i] ^= 0x10;
        assert_false(debug_sites_is(&sites, 0xF4, around, ALL));
        assert_true(debug_sites_is(&sites, 0xF4, around, ALL & ~(1u << i)));      /* its page is not there now */
        around[i] ^= 0x10;
    }
    sites.vector = 0;       /* off: INT 0 is INT 0 */
    around[9] = 0;
    assert_false(debug_sites_is(&sites, 0, around, ALL));
}

static void more_kinds_than_are_kept(void **state)
{
    struct debug_sites sites = { .vector = 0xF0 };

    (void)state;
    for (uint64_t i = 0; i < DEBUG_SITES_KINDS; i++)
        assert_true(debug_sites_add(&sites, i));
    assert_false(debug_sites_add(&sites, DEBUG_SITES_KINDS));
    assert_true(debug_sites_add(&sites, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_shapes),
        cmocka_unit_test(what_is_no_site),
        cmocka_unit_test(vectors_of_the_images_own),
        cmocka_unit_test(a_site_is_known_by_what_is_before_it),
        cmocka_unit_test(more_kinds_than_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
