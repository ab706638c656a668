/*
 * remove_pages_fault.c - proves: new_pages and remove_pages take whole regions only; removed memory is gone at once,
 * for a program with a handler and for one without (that is killed); a child's removal does not touch its parent.
 */
#include "catch.h"
#include "check.h"
#include "process.h"

#define PAGE_FAULT 14
#define PAGE PEBBLES_PAGE_BYTES

static char *const region = (char *)0x40000000;

static void arguments(void)
{
    CHECK(new_pages(region + 1, PAGE) < 0);
    CHECK(new_pages(region, 0) < 0);
    CHECK(new_pages(region, -(int)PAGE) < 0);
    CHECK(new_pages(region, PAGE + 1) < 0);
    CHECK(new_pages((void *)0x40000000, 0x7FFFF000) < 0);
    CHECK(new_pages((void *)0x00FFF000, 2 * PAGE) < 0);
    CHECK(new_pages((void *)0xBFFFF000, 2 * PAGE) < 0);
    CHECK(new_pages((void *)0xC0000000, PAGE) < 0);
    CHECK(new_pages((void *)0xFFFFF000, 2 * PAGE) < 0);
    CHECK(new_pages((void *)((uintptr_t)arguments & ~(PAGE - 1)), PAGE) < 0);    /* there is the program */
    CHECK(new_pages(main_stack_low, PAGE) < 0);
    CHECK(new_pages(main_stack_low - PAGE, 2 * PAGE) < 0);
    CHECK(remove_pages(region) < 0);
    CHECK(remove_pages(main_stack_low) < 0);
    CHECK(remove_pages((void *)((uintptr_t)arguments & ~(PAGE - 1))) < 0);
}

static void regions(void)
{
    CHECK_EQUAL(new_pages(region, 4 * PAGE), 0);
    CHECK_EQUAL(new_pages(region + 4 * PAGE, PAGE), 0);     /* a neighbour, not the same region */
    CHECK(new_pages(region + 3 * PAGE, 2 * PAGE) < 0);
    CHECK(new_pages(region - PAGE, 2 * PAGE) < 0);
    CHECK(remove_pages(region + PAGE) < 0);
    CHECK(remove_pages(region + 1) < 0);
    region[0] = region[4 * PAGE - 1] = region[4 * PAGE] = 1;
    CHECK_EQUAL(remove_pages(region), 0);
    CHECK(remove_pages(region) < 0);
    CHECK_EQUAL(region[4 * PAGE], 1);
    CHECK_EQUAL(remove_pages(region + 4 * PAGE), 0);
}

static void gone_at_once(void)
{
    for (int round = 0; round < 20; round++) {
        CHECK_EQUAL(new_pages(region, 2 * PAGE), 0);
        CHECK_EQUAL(region[PAGE], 0);                       /* nothing of the last round */
        region[0] = region[PAGE] = 7;
        CHECK_EQUAL(remove_pages(region), 0);
        CHECK_EQUAL(catch_read((uintptr_t)region, NULL), PAGE_FAULT);
        CHECK_EQUAL(catch_write((uintptr_t)region + PAGE, NULL), PAGE_FAULT);
    }
}

static int remove_and_touch(int unused)
{
    (void)unused;
    CHECK_EQUAL(remove_pages(region), 0);
    return region[0];
}

int main(void)
{
    arguments();
    regions();
    gone_at_once();
    CHECK_EQUAL(new_pages(region, PAGE), 0);
    region[0] = 42;
    CHECK_EQUAL(process_call(remove_and_touch, 0), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(region[0], 42);
    return check_result();
}
