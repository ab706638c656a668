/*
 * orphan_zombies.c - proves: a child outlives its parent, belongs to init from then on and not to its grandparent, and
 * is collected there, alive or dead when it was inherited: hundreds of them leave no memory behind.
 */
#include "check.h"
#include "process.h"

#define PROBE ((void *)0x40000000)
#define PROBE_PAGES_MAX 0x10000u
#define ORPHANS 12              /* of each parent */
#define PARENTS 10
#define TIMEOUT_TICKS 500

static int sleep_on(int unused)
{
    const int never = 0;

    (void)unused;
    deschedule(&never);
    return wait(NULL);          /* it has no children, and does not inherit its parent's either */
}

static int leave_one_asleep(int unused)
{
    return process_fork(sleep_on, unused);
}

/* make_runnable(tid) until it gives the expected result. */
static void await_result(int tid, int expected)
{
    int start = get_ticks(), result;

    while ((result = make_runnable(tid)) != expected && get_ticks() - start < TIMEOUT_TICKS)
        yield(-1);
    CHECK_EQUAL(result, expected);
}

static void outlives_its_parent(void)
{
    int orphan = process_call(leave_one_asleep, 0);

    CHECK(orphan > 0);
    CHECK(wait(NULL) < 0);                              /* a grandchild is nobody to wait for */
    await_result(orphan, 0);                            /* it is there, waits, and goes on */
    await_result(orphan, PEBBLES_ERROR_NONE);           /* it has ended */
    CHECK(wait(NULL) < 0);
}

static int end(int status)
{
    return status;
}

/* Some of its children have ended before it does, some have not. */
static int leave_many(int unused)
{
    for (int i = 0; i < ORPHANS; i++) {
        CHECK(process_fork(end, i + unused) > 0);
        if (i % 3 == 0)
            yield(-1);
    }
    return check_result();
}

/* All have ended, none is collected: what wakes init is the end of their parent. */
static int leave_the_dead(int unused)
{
    for (int i = 0; i < ORPHANS; i++) {
        int tid = process_fork(end, unused);
        CHECK(tid > 0);
        await_result(tid, PEBBLES_ERROR_NONE);
    }
    return check_result();
}

/* The most that one new_pages gives. */
static uint32_t free_pages(void)
{
    uint32_t pages = 0;

    for (uint32_t step = PROBE_PAGES_MAX / 2; step > 0; step /= 2) {
        if (new_pages(PROBE, (int)((pages + step) * PEBBLES_PAGE_BYTES)) == 0) {
            pages += step;
            CHECK_EQUAL(remove_pages(PROBE), 0);
        }
    }
    return pages;
}

/* A zombie that is not collected keeps one frame, a task that has not ended some more. */
static void all_are_collected(int (*leave)(int))
{
    int start = get_ticks();

    free_pages();                                       /* what it takes for page tables stays taken */
    sleep(2);                                           /* init collects those of before */
    uint32_t before = free_pages();
    for (int i = 0; i < PARENTS; i++)
        CHECK_EQUAL(process_call(leave, i), 0);
    while (free_pages() < before && get_ticks() - start < TIMEOUT_TICKS)
        sleep(1);
    CHECK(free_pages() >= before);
    CHECK(wait(NULL) < 0);
}

int main(void)
{
    for (int i = 0; i < 3; i++)
        outlives_its_parent();
    all_are_collected(leave_many);
    all_are_collected(leave_the_dead);
    return check_result();
}
