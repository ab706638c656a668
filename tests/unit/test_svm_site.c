/*
 * test_svm_site.c - what is known of the place where a guest was left is not used where anything of it is another by
 * now: its code, the page it is on, the tables that lead there, the frames behind them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "left_guest.h"

static void learn_cpuid(void)
{
    (void)leave_at(CPUID, 2, SVM_EXIT_CPUID, 0, 0);
    assert_true(leave_at(CPUID, 2, SVM_EXIT_CPUID, 0, 0));
}

/* The guest's code, tables and directory change without anybody's being told. */
static void test_other_code_is_not_the_same(void **state)
{
    (void)state;
    learn_cpuid();
    vpc.interp.cpu.gpr[GPR_EAX] = 77;
    store_bytes(CODE, "\x40\x40", 2);                      /* INC EAX: one is done */
    assert_false(leave(SVM_EXIT_CPUID, 0, 0));
    assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], 78);
}

static void test_another_page_is_not_the_same(void **state)
{
    (void)state;
    learn_cpuid();
    store_word(TABLE + 4 * (CODE >> PAGE_SHIFT), OTHER_CODE | PTE_P | PTE_W | PTE_A);
    assert_false(leave(SVM_EXIT_CPUID, 0, 0));
    assert_int_equal(vpc.interp.cpu.eip, CODE + 3);
}

static void test_another_table_is_not_the_same(void **state)
{
    (void)state;
    learn_cpuid();
    store_word(DIRECTORY, OTHER_TABLE | PTE_P | PTE_W | PTE_A);
    assert_false(leave(SVM_EXIT_CPUID, 0, 0));
    assert_int_equal(vpc.interp.cpu.eip, CODE + 3);
}

static void test_another_directory_is_not_the_same(void **state)
{
    (void)state;
    learn_cpuid();
    vpc.interp.cpu.cr3 = OTHER_DIRECTORY;
    assert_false(leave(SVM_EXIT_CPUID, 0, 0));
}

static void test_16_bit_code_is_not_the_same(void **state)
{
    (void)state;
    (void)leave_at("\xA3" TPR_BYTES, 5, SVM_EXIT_NPF, NPF_WRITE, TPR);
    assert_true(leave_at("\xA3" TPR_BYTES, 5, SVM_EXIT_NPF, NPF_WRITE, TPR));
    vpc.interp.cpu.segments[SEG_CS].attributes &= (uint16_t)~ATTR_DB;
    assert_false(leave(SVM_EXIT_NPF, NPF_WRITE, TPR));
}

/* Eight prefixes, and behind them a store or CPUID: the first word alone does not say which. */
static void test_a_long_instruction_is_known_by_its_first_byte(void **state)
{
    const char prefixed[] = "\x3E\x3E\x3E\x3E\x3E\x3E\x3E\x3E\xA3" TPR_BYTES;

    (void)state;
    for (unsigned pass = 0; pass < 2; pass++)
        assert_false(leave_at(prefixed, 13, SVM_EXIT_NPF, NPF_WRITE, TPR));
    assert_false(leave_at("\x3E\x3E\x3E\x3E\x3E\x3E\x3E\x3E" CPUID, 10, SVM_EXIT_CPUID, 0, 0));
}

static void test_a_long_store_is_looked_at_to_its_end(void **state)
{
    (void)state;
    (void)leave_at("\xC7\x05" TPR_BYTES "\x30\x00\x00\x00", 10, SVM_EXIT_NPF, NPF_WRITE, TPR);
    assert_false(leave_at("\xC7\x05" TPR_BYTES "\x30\x00\x00\x01", 10, SVM_EXIT_NPF, NPF_WRITE, TPR));
}

static void test_frames_that_move_are_forgotten(void **state)
{
    (void)state;
    learn_cpuid();
    ram.asks->moved(ram.view, CODE >> PAGE_SHIFT, 0);
    assert_false(leave(SVM_EXIT_CPUID, 0, 0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, left_start, left_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_other_code_is_not_the_same), TEST(test_another_page_is_not_the_same),
        TEST(test_another_table_is_not_the_same), TEST(test_another_directory_is_not_the_same),
        TEST(test_16_bit_code_is_not_the_same), TEST(test_a_long_store_is_looked_at_to_its_end),
        TEST(test_a_long_instruction_is_known_by_its_first_byte), TEST(test_frames_that_move_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
