/*
 * sys_thread.c - system calls: gettid, yield, deschedule, make_runnable, sleep, get_ticks, misbehave.
 */
#include "sched.h"
#include "syscalls.h"
#include "user.h"

#define ANYBODY 0xFFFFFFFFu

int32_t sys_gettid(struct event *event, const uint32_t *arguments)
{
    (void)event;
    (void)arguments;
    return (int32_t)sched_current()->id;
}

int32_t sys_yield(struct event *event, const uint32_t *arguments)
{
    (void)event;
    if (arguments[0] == ANYBODY) {
        sched_yield();
        return 0;
    }
    struct thread *thread = thread_find(arguments[0]);
    if (thread == NULL)
        return PEBBLES_ERROR_NONE;
    if (thread->state != THREAD_READY)
        return PEBBLES_ERROR_STATE;
    sched_yield_to(thread);
    return 0;
}

/* Reading *reject and leaving the run queue are one step, as nothing interrupts the kernel. */
int32_t sys_deschedule(struct event *event, const uint32_t *arguments)
{
    uint32_t reject;

    (void)event;
    if (!user_read(&reject, arguments[0], sizeof(reject)))
        return PEBBLES_ERROR_POINTER;
    if (reject == 0)
        sched_block(NULL, THREAD_DESCHEDULED);
    return 0;
}

int32_t sys_make_runnable(struct event *event, const uint32_t *arguments)
{
    struct thread *thread = thread_find(arguments[0]);

    (void)event;
    if (thread == NULL)
        return PEBBLES_ERROR_NONE;
    if (thread->state != THREAD_DESCHEDULED)
        return PEBBLES_ERROR_STATE;
    sched_ready(thread);
    return 0;
}

int32_t sys_sleep(struct event *event, const uint32_t *arguments)
{
    (void)event;
    if ((int32_t)arguments[0] < 0)
        return PEBBLES_ERROR_ARGUMENT;
    if (arguments[0] > 0)
        sched_sleep(arguments[0]);
    return 0;
}

int32_t sys_get_ticks(struct event *event, const uint32_t *arguments)
{
    (void)event;
    (void)arguments;
    return (int32_t)(sched_ticks() & 0x7FFFFFFF);
}

int32_t sys_misbehave(struct event *event, const uint32_t *arguments)
{
    (void)event;
    return sched_misbehave((int32_t)arguments[0]);
}
