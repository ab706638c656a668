/*
 * call_edges.c - arguments that are unusual and good: they must work.
 *
 * ESP need not be a stack nor aligned: guests point it at static argument blocks, also in read-only data. The block may
 * end with the last byte of RAM. Calls without arguments must not look at ESP at all. Lengths of 0 need no readable
 * buffer. Wrong is a crash, or a register that came back changed.
 */
#include "test.h"

static void call_with_esp(uint32_t number, const void *esp)
{
    __asm__ volatile("movl %%esp, %%esi; movl %1, %%esp; int $0xDE; movl %%esi, %%esp"
                     : "+a"(number) : "r"(esp) : "esi", "memory");
}

static void cursor_check(uint32_t row, uint32_t column)
{
    uint32_t got_row = 99, got_column = 99;

    hv_cons_get_cursor_pos(&got_row, &got_column);
    CHECK_EQUAL(got_row, row);
    CHECK_EQUAL(got_column, column);
}

/* Both words stored at one address: the column is written last or first, but nothing beside it. */
static void same_word_check(void)
{
    uint32_t words[3] = { 0x11111111, 0x22222222, 0x33333333 };

    hv_cons_set_cursor_pos(7, 7);
    hv_cons_get_cursor_pos(&words[1], &words[1]);
    CHECK_EQUAL(words[0], 0x11111111);
    CHECK_EQUAL(words[1], 7);
    CHECK_EQUAL(words[2], 0x33333333);
}

static void blocks_check(void)
{
    static const uint32_t constant_block[] = { 3, 5 };
    static uint8_t bytes[32];
    uint32_t at_end[] = { 24, 79 };
    uint8_t *end_of_ram = (uint8_t *)(uintptr_t)sdk_memory_bytes();

    call_with_esp(HV_CALL_CONS_SET_CURSOR_POS, constant_block);
    cursor_check(3, 5);
    for (unsigned offset = 1; offset < 4; offset++) {
        uint32_t block[] = { 10 + offset, 20 + offset };
        memcpy(bytes + offset, block, sizeof(block));
        call_with_esp(HV_CALL_CONS_SET_CURSOR_POS, bytes + offset);
        cursor_check(10 + offset, 20 + offset);
    }
    memcpy(end_of_ram - sizeof(at_end), at_end, sizeof(at_end));
    call_with_esp(HV_CALL_CONS_SET_CURSOR_POS, end_of_ram - sizeof(at_end));
    cursor_check(24, 79);
    hv_cons_set_cursor_pos(0, 0);
    cursor_check(0, 0);
}

int main(void)
{
    blocks_check();
    same_word_check();
    hv_cons_set_cursor_pos(0, 0);
    call_with_esp(HV_CALL_MAGIC, (const void *)(uintptr_t)0xFFFFFFFF);
    call_with_esp(HV_CALL_MAGIC, (const void *)(uintptr_t)HV_MAX_GVA);
    call_with_esp(HV_CALL_MAGIC, (const void *)(uintptr_t)0x40000001);
    hv_cons_set_term_color(0);
    hv_cons_set_term_color(255);
    hv_cons_set_term_color(7);
    hv_print(0, (const char *)(uintptr_t)sdk_memory_bytes() - 1);
    hv_print(1, "x");
    cursor_check(0, 1);
    hv_cons_set_cursor_pos(0, 0);
    return test_result();
}
