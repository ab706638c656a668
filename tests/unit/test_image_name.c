/*
 * test_image_name.c - which names a guest may have, with folders and characters that no name has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guest/image_name.h"

static void test_name(void **state)
{
    char name[64];
    char long_name[70];

    (void)state;
    assert_null(image_name_parse("hello", name));
    assert_null(image_name_parse("/guests/My-Kernel_2.elf", name));
    assert_string_equal(name, "My-Kernel_2.elf");
    assert_null(image_name_parse("\\GUESTS\\k", name));
    assert_string_equal(name, "k");
    assert_null(image_name_parse("guests", name));
    assert_string_equal(name, "guests");
    assert_null(image_name_parse("guests/guests", name));
    assert_string_equal(name, "guests");
    assert_non_null(image_name_parse("", name));
    assert_string_equal(name, "?");
    assert_non_null(image_name_parse("/guests/", name));
    assert_non_null(image_name_parse("/etc/k", name));
    assert_string_equal(name, "?etc?k");
    assert_non_null(image_name_parse("a # SKIP\n", name));
    assert_string_equal(name, "a???SKIP?");
    memset(long_name, 'n', sizeof(long_name));
    long_name[64] = '\0';
    assert_non_null(image_name_parse(long_name, name));
    long_name[63] = '\0';
    assert_null(image_name_parse(long_name, name));
    assert_string_equal(name, long_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_name) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
