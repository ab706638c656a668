/*
 * thread_race.c - proves: threads of a task share its memory, are interrupted anywhere, and a lock made of XCHG keeps
 * them apart; the task ends with its last thread and the status that was set.
 */
#include "check.h"
#include "process.h"
#include "thread.h"

#define THREADS 6
#define ROUNDS 300

static struct mutex lock;
static int counter;                     /* not volatile, not atomic: the lock must do */
static volatile int ended;
static char stacks[THREADS][4096] __attribute__((aligned(16)));

static void count(void *argument)
{
    int yields = (int)(uintptr_t)argument;

    for (int i = 0; i < ROUNDS; i++) {
        mutex_lock(&lock);
        int before = *(volatile int *)&counter;
        if (i % 16 < yields)
            yield(-1);                  /* while holding the lock */
        *(volatile int *)&counter = before + 1;
        mutex_unlock(&lock);
    }
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
}

/* The first thread goes before the last one has set the status. */
static void late(void *status)
{
    sleep(2);
    set_status((int)(uintptr_t)status);
}

static int outlived(int status)
{
    set_status(-1);
    thread_start(stacks[0] + sizeof(stacks[0]), late, (void *)(uintptr_t)status);
    vanish();
}

/* task_vanish ends threads that run, sleep and are descheduled. */
static void run_forever(void *argument)
{
    const int never = 0;

    if (argument == NULL)
        deschedule(&never);
    sleep(argument == (void *)1 ? 1000000 : 1);
    for (;;)
        continue;
}

static int killer(int status)
{
    for (uintptr_t i = 0; i < 3; i++)
        CHECK(thread_start(stacks[i] + sizeof(stacks[i]), run_forever, (void *)i) > 0);
    sleep(3);
    task_vanish(status);
}

/* exec would take the others' memory away. */
static void exec_is_refused(void)
{
    CHECK(thread_start(stacks[0] + sizeof(stacks[0]), late, (void *)0) > 0);
    CHECK(exec("crash", (const char *const[]){ "hello", NULL }) < 0);
}

int main(void)
{
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(thread_start(stacks[i] + sizeof(stacks[i]), count, (void *)i) > 0);
    while (ended < THREADS)
        yield(-1);
    CHECK_EQUAL(counter, THREADS * ROUNDS);
    CHECK_EQUAL(process_call(outlived, 9), 9);
    CHECK_EQUAL(process_call(killer, 10), 10);
    CHECK_TO_THE_END(exec_is_refused);
    return check_result();
}
