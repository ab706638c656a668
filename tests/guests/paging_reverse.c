/*
 * paging_reverse.c - a live table of 1,024 entries is reversed in place with hv_adjustpg for each page, and
 * hv_adjustpg is called 30,000 times in a row.
 *
 * Each of the 1,024 frames holds its own number, so every page tells which frame it shows. Pages are read right after
 * their entry changed (the other half then still may be old: only told pages are looked at), and all at the end. The
 * 30,000 calls toggle an entry each time; every hundredth is looked at.
 */
#include "lib/paging.h"

static uint32_t frames[TABLE_ENTRIES];

static uint32_t page(uint32_t index)
{
    return FREE_GVA + index * PAGE_BYTES;
}

static void all_check(bool reversed)
{
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
        CHECK_EQUAL(i % 5 != 0 ? kernel_get(page(i)) : user_get(page(i)), reversed ? TABLE_ENTRIES - 1 - i : i);
}

static void reverse(uint32_t *table, bool reversed)
{
    for (uint32_t low = 0, high = TABLE_ENTRIES - 1; low < high; low++, high--) {
        uint32_t entry = table[low];

        table[low] = table[high];
        hv_adjustpg(page(low));
        table[high] = entry;
        hv_adjustpg(page(high));
        CHECK_EQUAL(kernel_get(page(low)), reversed ? high : low);
        CHECK_EQUAL(kernel_get(page(high)), reversed ? low : high);
    }
}

static void many_check(uint32_t *table)
{
    for (uint32_t i = 0; i < 30000; i++) {
        uint32_t index = i * 7 % TABLE_ENTRIES;

        table[index] ^= ENTRY_P;
        hv_adjustpg(page(index));
        if (i % 100 == 0)
            CHECK_EQUAL(kernel_get(page(index)), (table[index] & ENTRY_P) != 0 ? index : PF(0));
    }
}

int main(void)
{
    traps_record(true);
    uint32_t pd = pd_make();
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
        frames[i] = frame_take();
        frame_words(frames[i])[0] = i;
        page_map(pd, page(i), frames[i], ENTRY_USER);
    }
    uint32_t *table = pt_entry(pd, FREE_GVA);

    for (uint32_t wp = 0; wp < 2; wp++) {
        hv_setpd(pd, wp);
        all_check(false);
        reverse(table, true);
        all_check(true);
        reverse(table, false);
        all_check(false);
    }
    many_check(table);
    many_check(table);
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
        CHECK_EQUAL(table[i], frames[i] | ENTRY_USER);
    all_check(false);
    return test_result();
}
