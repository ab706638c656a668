/*
 * yield_desched.c - proves: two threads hand a ball to and fro by deschedule and make_runnable without losing it; yield
 * to a thread runs it; each refuses what is not so.
 */
#include "check.h"
#include "thread.h"

#define ROUNDS 200

static volatile int turn;               /* whose it is: 0 the first thread's, 1 the second's */
static volatile int played[2];          /* they are through */
static int threads[2];
static char stack[4096] __attribute__((aligned(16)));

static void wait_for_turn(int who)
{
    /* reject is "my turn has come": checked and left in one step, or the waking would be lost. */
    static volatile int come[2];

    come[who] = turn == who;
    while (turn != who) {
        deschedule(&come[who]);
        come[who] = turn == who;
    }
}

static void play(int who)
{
    for (int i = 0; i < ROUNDS; i++) {
        wait_for_turn(who);
        turn = !who;
        while (make_runnable(threads[!who]) < 0 && turn == !who && !played[!who])
            yield(-1);                  /* it is not descheduled, or not yet */
    }
    played[who] = 1;
}

static void second(void *unused)
{
    (void)unused;
    while (threads[1] == 0)
        yield(-1);
    play(1);
}

static volatile int slept, may_end;

static void sleep_on(void *unused)
{
    const int never = 0;

    (void)unused;
    deschedule(&never);
    slept = 1;
    while (!may_end)
        yield(-1);                      /* a tick may have let it run before main yields to it */
}

/* A tick may come right behind the switch, and take the processor back: not again and again. */
static int runs_when_yielded_to(int tid)
{
    for (int i = 0; i < 10 && !slept; i++)
        CHECK_EQUAL(yield(tid), 0);
    return slept;
}

static void refusals(void)
{
    const int reject = 1;

    CHECK_EQUAL(deschedule(&reject), 0);
    int tid = thread_start(stack + sizeof(stack), sleep_on, NULL);
    while (yield(tid) >= 0)
        continue;                       /* until it has descheduled itself */
    CHECK_EQUAL(slept, 0);
    CHECK(yield(tid) < 0);
    CHECK_EQUAL(make_runnable(tid), 0);
    CHECK(make_runnable(tid) < 0);
    CHECK(runs_when_yielded_to(tid));
    CHECK_EQUAL(yield(tid), 0);
    may_end = 1;
    while (yield(tid) >= 0)
        continue;
    CHECK(make_runnable(tid) < 0);      /* there is no such thread any more */
    CHECK_EQUAL(yield(-1), 0);
}

int main(void)
{
    threads[0] = gettid();
    threads[1] = thread_start(stack + sizeof(stack), second, NULL);
    CHECK(threads[1] > 0);
    play(0);
    while (yield(threads[1]) >= 0)
        continue;                       /* its stack is free again */
    refusals();
    return check_result();
}
