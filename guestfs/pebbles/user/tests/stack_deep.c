/*
 * stack_deep.c - proves: a program may use its first stack down to the last word of what it may grow to, a page at a
 * time in any order, and the word below is a page fault, of which it may die or be told.
 */
#include "catch.h"
#include "check.h"
#include "memory.h"
#include "process.h"

#define PAGE_FAULT 14
#define DEPTH 400               /* of frames of more than 128 bytes: most of what exec gave */
#define DEPTH_GROWN 12000       /* more than 1.5 MiB */

static __attribute__((noinline)) uint32_t descend(uint32_t depth)
{
    volatile uint32_t words[32];

    for (uint32_t i = 0; i < 32; i++)
        words[i] = depth * 32 + i;
    uint32_t below = depth > 0 ? descend(depth - 1) : 0;
    for (uint32_t i = 0; i < 32; i++) {
        if (words[i] != depth * 32 + i)
            return 0;
    }
    return below + 1;
}

/* The compiler must not see that this has no end. */
static __attribute__((noinline)) int overflow(int depth)
{
    volatile char room[256];

    room[depth & 255] = 1;
    return depth < 0 ? 0 : overflow(depth + 1) + room[depth & 255];
}

/* In a machine too small for the whole stack, memory is the limit, and no page of it is granted. */
static int limit_reached(int unused)
{
    bool fits = memory_free_pages() >= PEBBLES_STACK_MAX_BYTES / PEBBLES_PAGE_BYTES;
    uintptr_t limit = PEBBLES_USER_END - PEBBLES_STACK_MAX_BYTES;
    ureg_t ureg;

    (void)unused;
    CHECK_EQUAL(catch_write(limit, NULL), fits ? CATCH_NOTHING : PAGE_FAULT);
    CHECK_EQUAL(catch_write(limit - 1, &ureg), PAGE_FAULT);
    CHECK_EQUAL(ureg.cr2, limit - 1);
    return check_result();
}

int main(void)
{
    uintptr_t low = (uintptr_t)main_stack_low;

    CHECK_EQUAL(descend(DEPTH), DEPTH + 1);
    for (uintptr_t address = low; address < low + PEBBLES_STACK_BYTES / 2; address += PEBBLES_PAGE_BYTES)
        CHECK_EQUAL(catch_write(address, NULL), CATCH_NOTHING);
    CHECK_EQUAL(process_call(limit_reached, 0), 0);
    CHECK_EQUAL(process_call(overflow, 0), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(descend(DEPTH_GROWN), DEPTH_GROWN + 1);
    return check_result();
}
