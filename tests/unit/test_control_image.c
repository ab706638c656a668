/*
 * test_control_image.c - the image of a guest that hv_start makes: one in the caller's memory, as far as that can be
 * read, or one of the machine's files, which may still have to be looked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control_calls.h"

static void test_start_from_memory(void **state)
{
    (void)state;
    strcpy((char *)fake_ram + NAME, "mine.elf");
    int32_t id = control_start((struct hv_start){ .image = IMAGE, .image_bytes = 100 });
    assert_true(id > 0);
    assert_int_equal(fake_block_count, 2);
    assert_int_equal(control_start((struct hv_start){ .image = IMAGE, .image_bytes = 100 }), HV_ERROR_BUSY);
    assert_true(request_serve(9, 100, 5));
    assert_int_equal(fake_block_count, 1);
    assert_string_equal(control_child_state((uint32_t)id).name, "mine.elf");
    assert_true(control_start((struct hv_start){ .image = IMAGE, .image_bytes = 100 }) > 0);
    fake_no_room = 0;
    assert_int_equal(control_start((struct hv_start){ .image = IMAGE, .image_bytes = 100 }), HV_ERROR_BUSY);
}

/* A whole image is not read as the guest would: to fill 256 pages, and evict for each, takes several ms. */
static void test_image_without_evictions(void **state)
{
    (void)state;
    strcpy((char *)fake_ram + NAME, "mine.elf");
    for (unsigned i = 0; i < 0x9000; i++)
        fake_ram[IMAGE + i] = (uint8_t)(i * 7 + i / 256);
    int32_t id = control_start((struct hv_start){ .image = IMAGE + 1, .image_bytes = 0x8FFF });
    assert_true(id > 0);
    assert_in_range(fake_longest_read, 1, 256);
    const struct child *child = family_find(guest, (uint32_t)id);
    assert_int_equal(child->start.image_bytes, 0x8FFF);
    assert_memory_equal(child->start.image, fake_ram + IMAGE + 1, 0x8FFF);
}

/* An entry that ends guests ends this one as any access through it does. */
static void test_image_behind_a_bad_entry(void **state)
{
    (void)state;
    fake_forbid(IMAGE + 0x2000, IMAGE + 0x3000, false);
    for (unsigned is_bad = 0; is_bad < 2; is_bad++) {
        fake_refusal = is_bad ? "access to 0x00008000: it has PS set" : NULL;
        (void)control_start((struct hv_start){ .image = IMAGE, .image_bytes = 0x3000 });
        assert_string_equal(guest->life.reason, is_bad ? fake_refusal :
                            "hv_start: the image of 12288 bytes at 0x00006000 cannot be read at 0x00008000");
        assert_int_equal(guest->fault_address, IMAGE + 0x2000);
        assert_int_equal(guest->state.frame.eip, is_bad ? AFTER_INT : AFTER_INT - 2);   /* gmem_end puts it back, too */
        assert_int_equal(fake_block_count, 0);
        guest->life = (struct guest_life){ .end = GUEST_END_NONE };
    }
}

/* Nobody waits while all images are walked over: the call comes again until they are. */
static void test_start_while_images_are_unknown(void **state)
{
    (void)state;
    fake_unknown_images = 200;
    for (unsigned calls = 1; calls < 4; calls++) {
        assert_int_equal(control_start((struct hv_start){ .memory_kib = 64 }), HV_CALL_START);
        assert_int_equal(guest->state.frame.eip, AFTER_INT - 2);
        assert_int_equal(fake_unknown_images, 200 - 64 * calls);
        assert_int_equal(guest->life.activity, GUEST_READY);
    }
    (void)control_start_one();
    assert_int_equal(guest->state.frame.eip, AFTER_INT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_start_from_memory, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_image_without_evictions, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_image_behind_a_bad_entry, control_setup, control_end_all),
        cmocka_unit_test_setup_teardown(test_start_while_images_are_unknown, control_setup, control_end_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
