/*
 * wait_race.c - proves: when many children vanish at once, and several threads wait for them, each status arrives
 * exactly once, and no waiter is left behind; a wait that no child could end fails at once.
 */
#include "check.h"
#include "process.h"
#include "thread.h"

#define CHILDREN_MIN 8
#define CHILDREN 60              /* fewer on a small machine */
#define WAITERS 3
#define STATUS_BASE 500

static int tids[CHILDREN], seen[CHILDREN], started;
static struct mutex lock;
static volatile int collected, waiters_done;
static char stacks[WAITERS][4096] __attribute__((aligned(16)));

static void collected_one(int tid, int status)
{
    int number = status - STATUS_BASE;

    mutex_lock(&lock);
    if (CHECK(number >= 0 && number < CHILDREN)) {
        CHECK_EQUAL(tids[number], tid);
        seen[number]++;
    }
    collected++;
    mutex_unlock(&lock);
}

static void collect_all(void *unused)
{
    int status, tid;

    (void)unused;
    while ((tid = wait(&status)) > 0)
        collected_one(tid, status);
    mutex_lock(&lock);
    waiters_done++;
    mutex_unlock(&lock);
}

/* All of them sleep until the same tick. */
static int child(int wake_up)
{
    int number = 0;

    while (tids[number] != 0)           /* its copy of the list ends before itself */
        number++;
    sleep(wake_up - get_ticks());
    return STATUS_BASE + number;
}

static void start_children(void)
{
    int wake_up = get_ticks() + 10;

    mutex_lock(&lock);
    for (started = 0; started < CHILDREN; started++) {
        int tid = process_fork(child, wake_up);
        if (tid < 0)
            break;
        tids[started] = tid;
    }
    mutex_unlock(&lock);
}

static int stay(int status)
{
    const int never = 0;

    deschedule(&never);
    return status;
}

/* There is one child, and a thread waits for it already. */
static void wait_for_nobody(void)
{
    waiters_done = collected = 0;
    int child_tid = tids[0] = process_fork(stay, STATUS_BASE);
    int waiter = thread_start(stacks[0] + sizeof(stacks[0]), collect_all, NULL);

    while (yield(child_tid) >= 0 || yield(waiter) >= 0)
        continue;                       /* until both are blocked */
    CHECK(wait(NULL) < 0);
    CHECK_EQUAL(make_runnable(child_tid), 0);
    wait_until_set(&waiters_done);
    CHECK_EQUAL(collected, 1);
}

int main(void)
{
    start_children();
    CHECK(started >= CHILDREN_MIN);
    for (int i = 0; i < WAITERS; i++)
        CHECK(thread_start(stacks[i] + sizeof(stacks[i]), collect_all, NULL) > 0);
    collect_all(NULL);
    while (waiters_done <= WAITERS)
        yield(-1);
    CHECK_EQUAL(collected, started);
    for (int i = 0; i < started; i++)
        CHECK_EQUAL(seen[i], 1);
    wait_for_nobody();
    return check_result();
}
