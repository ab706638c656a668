/*
 * fork_bomb.c - proves: when memory is used up fork fails, and nothing else does; every child that was made still runs,
 * ends and is collected, and then there is as much room as before.
 */
#include "check.h"
#include "memory.h"

#define REGION ((char *)0x40000000)
#define CHILDREN_ABOUT 48       /* the region makes each so big that memory is full after so many */
#define CHILDREN_MAX 4096
#define SEED 1000

static int tids[CHILDREN_MAX];

/* Until its parent says go. Then it writes: the frames that fork promised must be there. */
static void child(uint32_t pages, int number)
{
    const int never = 0;

    deschedule(&never);
    for (uint32_t i = 0; i < pages; i++)
        *(volatile int *)(REGION + i * PEBBLES_PAGE_BYTES) = number;
    for (uint32_t i = 0; i < pages; i++)
        CHECK_EQUAL(*(volatile int *)(REGION + i * PEBBLES_PAGE_BYTES), number);
    task_vanish(check_result() == 0 ? SEED + number : -1);
}

static int explode(uint32_t pages)
{
    int count = 0;

    while (count < CHILDREN_MAX) {
        int tid = fork();
        if (tid == 0)
            child(pages, count);
        if (tid < 0)
            break;
        tids[count++] = tid;
    }
    return count;
}

static void collect(int count)
{
    int status, sum = 0;

    for (int i = 0; i < count; i++) {
        while (make_runnable(tids[i]) < 0)
            yield(tids[i]);             /* it has not come to its deschedule yet */
        int tid = wait(&status);
        CHECK_EQUAL(tid, tids[i]);
        CHECK_EQUAL(status, SEED + i);
        sum++;
    }
    CHECK_EQUAL(sum, count);
    CHECK(wait(NULL) < 0);
}

int main(void)
{
    uint32_t pages = memory_free_pages() / CHILDREN_ABOUT;

    CHECK_EQUAL(new_pages(REGION, (int)(pages * PEBBLES_PAGE_BYTES)), 0);
    for (uint32_t i = 0; i < pages; i++)
        *(volatile int *)(REGION + i * PEBBLES_PAGE_BYTES) = -1;
    int first = explode(pages);
    CHECK(first > 8 && first < CHILDREN_MAX);
    collect(first);
    int second = explode(pages);
    CHECK_EQUAL(second, first);
    collect(second);
    CHECK_EQUAL(*(volatile int *)REGION, -1);
    return check_result();
}
