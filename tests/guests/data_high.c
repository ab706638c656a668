/*
 * data_high.c - data on both sides of the guest's 16 MiB mark is distinct, and hypercalls read it there.
 *
 * Guest address 16 MiB is linear 32 MiB, and linear 16 MiB is guest address 0: confusing the two shows as one place
 * seen under two addresses. The text is printed from a buffer across the mark, and get_cursor_pos stores above it.
 */
#include "test.h"

#define MARK 0x1000000u
#define TEXT "this line lies across the 16 MiB mark\n"

int main(void)
{
    volatile uint32_t *low = (volatile uint32_t *)(uintptr_t)0x2000;
    volatile uint32_t *high = (volatile uint32_t *)(uintptr_t)(MARK + 0x2000);
    uint32_t *row = (uint32_t *)(uintptr_t)(MARK + 0x400000);
    char *text = (char *)(uintptr_t)(MARK - 10);

    *low = 1;
    *high = 2;
    CHECK_EQUAL(*low, 1);
    CHECK_EQUAL(*high, 2);
    memcpy(text, TEXT, sizeof(TEXT));
    hv_print(sizeof(TEXT) - 1, text);
    row[0] = row[1] = 99;
    hv_cons_get_cursor_pos(&row[0], &row[1]);
    CHECK_EQUAL(row[0], 1);
    CHECK_EQUAL(row[1], 0);
    return test_result();
}
