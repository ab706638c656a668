/*
 * cow_storm.c - proves: parent, children and grandchildren write the same pages at the same time, each sees only what
 * it wrote itself, and pages nobody wrote keep the old contents.
 */
#include "check.h"
#include "process.h"
#include "random.h"

#define PAGES 80                /* eight tasks have them at once: as many as a machine of 4 MiB has room for */
#define CHILDREN 4
#define ROUNDS 2

static volatile uint32_t pages[PAGES + 1][PEBBLES_PAGE_BYTES / 4] __attribute__((aligned(4096)));

/* One page in eight stays as it was. */
static bool is_kept(uint32_t page)
{
    return page % 8 == 7;
}

static uint32_t old_value(uint32_t page, uint32_t generation)
{
    return page + 1000 * generation;
}

static void write_all(uint32_t seed, uint32_t mark)
{
    uint16_t order[PAGES];

    random_order(&seed, order, PAGES);
    for (uint32_t i = 0; i < PAGES; i++) {
        if (!is_kept(order[i]))
            pages[order[i]][i % 1024] = mark;
        pages[order[i]][0] = is_kept(order[i]) ? old_value(order[i], 0) : mark;
        if (i % 32 == 0)
            yield(-1);                  /* mix with the others */
    }
}

static void check_all(uint32_t mark)
{
    for (uint32_t page = 0; page < PAGES; page++)
        CHECK_EQUAL(pages[page][0], is_kept(page) ? old_value(page, 0) : mark);
}

static int writer(int depth)
{
    uint32_t mark = (uint32_t)gettid() << 8;
    int child = depth > 0 ? process_fork(writer, depth - 1) : 0;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        write_all((uint32_t)gettid() + round * 77 + 1, mark + round);
        check_all(mark + round);
    }
    if (depth > 0)
        CHECK_EQUAL(process_wait(child), 0);
    check_all(mark + ROUNDS - 1);
    return check_result();
}

int main(void)
{
    int status;

    for (uint32_t page = 0; page < PAGES; page++)
        pages[page][0] = old_value(page, 0);
    for (int i = 0; i < CHILDREN; i++)
        CHECK(process_fork(writer, i % 2) > 0);
    write_all(1, 5);
    check_all(5);
    for (int i = 0; i < CHILDREN; i++) {
        CHECK(wait(&status) > 0);
        CHECK_EQUAL(status, 0);
    }
    check_all(5);
    return check_result();
}
