/*
 * stack_grow.c - proves: the first stack grows wherever it is touched: by the program, a frame of many pages at once,
 * or by the kernel in each system call that is given such memory; it is each task's own after fork; pages of new_pages
 * are in its way; and when memory runs out it is the program that ends.
 *
 * Each case runs in a child, whose stack is as exec made it.
 */
#include "catch.h"
#include "check.h"
#include "memory.h"
#include "process.h"
#include "thread.h"

#define PAGE PEBBLES_PAGE_BYTES
#define PAGE_FAULT 14
#define BIG (1024 * 1024)               /* more than a guard page could catch */
#define LOST 3                          /* status of a handler that should not have run */
#define THREAD_STACK_BYTES 4096
#define REGION ((char *)0x40000000)
#define SPARE 32                        /* pages: for the tables of the region, but not for 200 of the stack */

static char *below(uint32_t bytes)
{
    return main_stack_low - bytes;
}

/* The compiler must not make the frame smaller. */
static int big_frame(int unused)
{
    volatile char room[BIG];

    (void)unused;
    __asm__ volatile("" : : "r"(room) : "memory");
    room[0] = 1;
    room[BIG - 1] = 2;
    CHECK_EQUAL(room[0] + room[BIG / 2] + room[BIG - 1], 3);
    return check_result();
}

static void lost(void *argument, ureg_t *ureg)
{
    (void)argument;
    (void)ureg;
    task_vanish(LOST);
}

/* A program that would grow its stack itself is not asked. */
static int handler_sleeps(int unused)
{
    static char stack[THREAD_STACK_BYTES] __attribute__((aligned(16)));

    (void)unused;
    swexn(stack + sizeof(stack), lost, NULL, NULL);
    *(volatile char *)below(1) = 1;
    return *(volatile char *)below(3 * PAGE);
}

/* Each call finds its page missing: they are used from above down. All that is there is zero. */
static int kernel_reads(int unused)
{
    (void)unused;
    CHECK_EQUAL(print(1, below(PAGE)), 0);
    CHECK_EQUAL(exec(below(3 * PAGE), (const char *const *)(void *)below(5 * PAGE)), PEBBLES_ERROR_NONE);
    CHECK(swexn(NULL, NULL, NULL, (const ureg_t *)(void *)below(7 * PAGE)) == PEBBLES_ERROR_ARGUMENT);
    return check_result();
}

static int vanish_at_once(int status)
{
    return status;
}

static int kernel_writes(int unused)
{
    int *status = (int *)(void *)below(2 * PAGE), *row = (int *)(void *)below(4 * PAGE);
    char *text = below(64 * PAGE);
    ureg_t ureg;

    (void)unused;
    CHECK(process_fork(vanish_at_once, 21) > 0);
    CHECK(wait(status) > 0);
    CHECK_EQUAL(*status, 21);
    CHECK_EQUAL(get_cursor_pos(row, (int *)(void *)below(6 * PAGE)), 0);
    CHECK_EQUAL(readfile("stack_grow", text, 40 * PAGE, 0) > (int)PAGE, 1);
    CHECK_EQUAL(memcmp(text, "\177ELF", 4), 0);
    CHECK_EQUAL(swexn(below(80 * PAGE), lost, NULL, NULL), 0);
    CHECK_EQUAL(catch_write((uintptr_t)main_stack_high - PEBBLES_STACK_MAX_BYTES - 1, &ureg), PAGE_FAULT);
    CHECK(readfile("stack_grow", main_stack_high - PEBBLES_STACK_MAX_BYTES - 1, 2, 0) < 0);
    return check_result();
}

/* An exception handler's frame is the kernel's write, too. */
static int handler_below(int unused)
{
    (void)unused;
    CHECK_EQUAL(swexn(below(10 * PAGE), lost, NULL, NULL), 0);
    *(volatile char *)4 = 1;
    return 0;
}

static int child_writes(int value)
{
    CHECK_EQUAL(*(volatile char *)below(100 * PAGE), value);
    for (uint32_t i = 1; i <= 200; i++)
        *(volatile char *)below(i * PAGE) = 9;
    return check_result();
}

static int fork_with_it(int value)
{
    for (uint32_t i = 1; i <= 100; i++)
        *(volatile char *)below(i * PAGE) = (char)value;
    CHECK_EQUAL(process_call(child_writes, value), 0);
    for (uint32_t i = 1; i <= 100; i++)
        CHECK_EQUAL(*(volatile char *)below(i * PAGE), value);
    CHECK_EQUAL(*(volatile char *)below(150 * PAGE), 0);
    return check_result();
}

/* What a thread library does: stacks below the first one, as long as that has not grown there. */
static int obstructed(int unused)
{
    (void)unused;
    CHECK_EQUAL(new_pages(below(10 * PAGE), 2 * PAGE), 0);
    CHECK_EQUAL(catch_write((uintptr_t)below(11 * PAGE), NULL), PAGE_FAULT);
    CHECK_EQUAL(catch_write((uintptr_t)below(5 * PAGE), NULL), CATCH_NOTHING);
    CHECK(new_pages(below(5 * PAGE), PAGE) < 0);
    CHECK(new_pages(below(3 * PAGE), PAGE) < 0);        /* no holes in the stack */
    CHECK_EQUAL(remove_pages(below(10 * PAGE)), 0);
    CHECK_EQUAL(catch_write((uintptr_t)below(11 * PAGE), NULL), CATCH_NOTHING);
    return check_result();
}

static void write_word(void *word)
{
    *(volatile int *)word = 5;
}

/* Another thread is the one that touches it. */
static int other_thread(int unused)
{
    static char stack[THREAD_STACK_BYTES] __attribute__((aligned(16)));
    volatile int *word = (volatile int *)(void *)below(20 * PAGE);

    (void)unused;
    int tid = thread_start(stack + sizeof(stack), write_word, (void *)(uintptr_t)word);
    while (yield(tid) == 0)
        continue;
    CHECK_EQUAL(*word, 5);
    return check_result();
}

/* The kernel's copy fails, the program's own access is its end. */
static int starved(int unused)
{
    uint32_t pages = memory_free_pages();

    (void)unused;
    CHECK_EQUAL(new_pages(REGION, (int)((pages - SPARE) * PAGE)), 0);
    CHECK(readfile("stack_grow", below(200 * PAGE), 10, 0) < 0);
    CHECK_EQUAL(catch_write((uintptr_t)below(200 * PAGE), NULL), PAGE_FAULT);
    if (check_result() != 0)
        return 1;
    *(volatile char *)below(200 * PAGE) = 1;
    return 1;
}

int main(void)
{
    uint32_t pages = memory_free_pages();

    CHECK_EQUAL(process_call(big_frame, 0), 0);
    CHECK_EQUAL(process_call(handler_sleeps, 0), 0);
    CHECK_EQUAL(process_call(kernel_reads, 0), 0);
    CHECK_EQUAL(process_call(kernel_writes, 0), 0);
    CHECK_EQUAL(process_call(handler_below, 0), LOST);
    CHECK_EQUAL(process_call(fork_with_it, 7), 0);
    CHECK_EQUAL(process_call(obstructed, 0), 0);
    CHECK_EQUAL(process_call(other_thread, 0), 0);
    CHECK_EQUAL(process_call(starved, 0), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(memory_free_pages(), pages);
    return check_result();
}
