/*
 * idle_spin.c - a guest that spins where it could halt gives way; one that computes does not.
 *
 * hv_counters tells the wall clock and the processor time of the guest's finished turns. Many idle loops never execute
 * HLT, and do nothing but wait for what a handler does: "wait_for_flag" compares a word that its timer handler writes,
 * then "jump" is interrupted in a jump to itself, which its handler leaves. After a moment in which the hypervisor
 * finds out, they are to use little of the processor, and go on with the tick. "count_down" counts in memory with the
 * same registers each time round, which looks the same from outside: it is to have the whole processor.
 */
#include "test.h"

#define TICKS_SEEN 110          /* a guest of which nobody wants anything is looked at once in a second */
#define TICKS_AGAIN 25          /* one that gave way before, ten times */
#define TICKS 40

static volatile uint32_t ticks, flag;
static uint32_t leave;          /* where the timer handler goes on; 0: where it was */

static void on_tick(struct event *event)
{
    ticks++;
    flag = 1;
    if (leave != 0)
        event->eip = leave;
}

static void ignore(struct event *event)
{
    (void)event;
}

/* The share of the processor that body() has, in percent, while so many ticks pass. */
static uint32_t share(void (*body)(void), uint32_t count)
{
    struct hv_counters before, after;
    uint32_t end = ticks + count;

    hv_counters(&before, sizeof(before));
    while ((int32_t)(ticks - end) < 0)
        body();
    hv_counters(&after, sizeof(after));
    uint32_t wall_us = (uint32_t)(after.time_ns - before.time_ns) >> 10;
    uint32_t run_us = (uint32_t)(after.run_ns - before.run_ns) >> 10;
    printf("%u ticks, %u of %u Kns\n", count, run_us, wall_us);
    return run_us / (wall_us / 100 + 1);
}

static void wait_for_flag(void)
{
    flag = 0;
    while (flag == 0)
        ;
}

static void jump(void)
{
    __asm__ volatile("movl $2f, %0\n"
                     "1: jmp 1b\n"
                     "2: movl $0, %0\n" : "=m"(leave) : : "memory");
}

/* subl and jnz: no register but the flags changes, and those seldom. */
static void count_down(void)
{
    static uint32_t left;

    left = 100000000;
    __asm__ volatile("1: subl $1, %0\n"
                     "cmpl $0, %1\n"
                     "je 1b\n" : "+m"(left) : "m"(flag) : "memory");
    flag = 0;
}

int main(void)
{
    event_handle(HV_SLOT_TIMER, on_tick, true);
    event_handle(HV_SLOT_KEYBOARD, ignore, true);
    hv_enable_interrupts();
    share(wait_for_flag, TICKS_SEEN);
    CHECK(share(wait_for_flag, TICKS) < 40);
    share(jump, TICKS_AGAIN);
    CHECK(share(jump, TICKS) < 40);
    CHECK(share(count_down, TICKS_SEEN) > 60);
    return test_result();
}
