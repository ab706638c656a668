/*
 * mem_eater.c - proves: new_pages gives what there is and then fails; all of it is zero and stays what it was set to;
 * all of it comes back, so that a second round gets as much.
 */
#include "check.h"

#define BASE 0x40000000u
#define CHUNK_PAGES 64u
#define CHUNK_BYTES (CHUNK_PAGES * PEBBLES_PAGE_BYTES)
#define CHUNKS_MAX 4096u

static char *chunk(uint32_t index)
{
    return (char *)(uintptr_t)(BASE + index * CHUNK_BYTES);
}

/* Where in a page the word lies differs from page to page. */
static volatile uint32_t *word(uint32_t page)
{
    return (volatile uint32_t *)(uintptr_t)(BASE + page * PEBBLES_PAGE_BYTES + page * 4 % PEBBLES_PAGE_BYTES);
}

static uint32_t eat(void)
{
    uint32_t count = 0;

    while (count < CHUNKS_MAX && new_pages(chunk(count), CHUNK_BYTES) == 0)
        count++;
    return count;
}

static void fill(uint32_t pages)
{
    for (uint32_t page = 0; page < pages; page++) {
        CHECK_EQUAL(*word(page), 0);
        *word(page) = page ^ 0xA5A5A5A5;
    }
    for (uint32_t page = 0; page < pages; page++)
        CHECK_EQUAL(*word(page), page ^ 0xA5A5A5A5);
}

static uint32_t round_of_eating(void)
{
    uint32_t count = eat();

    fill(count * CHUNK_PAGES);
    for (uint32_t i = 0; i < count; i++)
        CHECK_EQUAL(remove_pages(chunk(i)), 0);
    return count;
}

int main(void)
{
    uint32_t first = round_of_eating();

    CHECK(first > 0);
    CHECK_EQUAL(round_of_eating(), first);
    return check_result();
}
