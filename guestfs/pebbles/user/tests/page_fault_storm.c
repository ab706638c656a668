/*
 * page_fault_storm.c - proves: thousands of pages, touched in random order, are zero at first touch, wherever in the
 * page that is and whether it reads or writes, and keep what is written.
 */
#include "check.h"
#include "memory.h"
#include "random.h"

#define REGION ((volatile uint32_t *)0x80000000)
#define PAGES_MAX 2048u
#define TABLES_MAX (PAGES_MAX / 1024)     /* REGION needs page tables, too, that the probe had at another place */
#define WORDS (PEBBLES_PAGE_BYTES / 4)

static uint16_t order[PAGES_MAX];

static volatile uint32_t *word(uint32_t page, uint32_t index)
{
    return REGION + page * WORDS + index % WORDS;
}

int main(void)
{
    uint32_t seed = 0x1234567, pages = memory_free_pages() - TABLES_MAX;

    if (pages > PAGES_MAX)
        pages = PAGES_MAX;
    CHECK_EQUAL(new_pages((void *)REGION, (int)(pages * PEBBLES_PAGE_BYTES)), 0);
    random_order(&seed, order, pages);
    for (uint32_t i = 0; i < pages; i++) {
        uint32_t page = order[i];
        if (i % 2 == 0)
            CHECK_EQUAL(*word(page, page * 7), 0);
        *word(page, page * 3 + 1) = page + 1;
        CHECK_EQUAL(*word(page, page * 3), 0);
    }
    for (uint32_t page = 0; page < pages; page++) {
        CHECK_EQUAL(*word(page, page * 3 + 1), page + 1);
        *word(page, page * 3 + 1) = 0;
        CHECK_EQUAL(*word(page, page * 7), 0);
    }
    CHECK_EQUAL(remove_pages((void *)REGION), 0);
    return check_result();
}
