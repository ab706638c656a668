/*
 * sched.c - see sched.h.
 */
#include "frames.h"
#include "panic.h"
#include "sched.h"
#include "trap.h"

static struct list run_queue = LIST_EMPTY(run_queue);
static struct list sleepers = LIST_EMPTY(sleepers);     /* who wakes first is first */
static struct thread idle = { .canary = THREAD_CANARY };
static struct thread *current = &idle;
static struct thread *leaving;      /* its stack is freed by whoever runs next */
static uint32_t ticks, lots = 15410;
static int32_t misbehaviour = PEBBLES_MISBEHAVE_NONE;

struct thread *sched_current(void)
{
    return current;
}

bool sched_is_idle(void)
{
    return current == &idle;
}

uint32_t sched_ticks(void)
{
    return ticks;
}

/* By a linear congruential generator (Numerical Recipes' constants); its low bits are poor. */
static uint32_t draw(uint32_t count)
{
    lots = lots * 1664525u + 1013904223u;
    return (lots >> 16) % count;
}

static struct thread *next_choose(void)
{
    struct list *node = run_queue.next;

    if (list_is_empty(&run_queue))
        return &idle;
    if (misbehaviour == PEBBLES_MISBEHAVE_RANDOM) {
        for (uint32_t skip = draw(list_count(&run_queue)); skip > 0; skip--)
            node = node->next;
    }
    list_remove(node);
    return LIST_ENTRY(node, struct thread, queue);
}

/* On the stack of the thread that was switched to. */
void sched_switched(void)
{
    if (leaving != NULL)
        frames_drop(frame_of(leaving));
    leaving = NULL;
}

static void switch_to(struct thread *next)
{
    struct thread *previous = current;

    ASSERT(previous->canary == THREAD_CANARY && next->canary == THREAD_CANARY);
    if (next == previous)
        return;
    current = next;
    if (next->task != NULL)
        vm_activate(next->task->directory);
    switch_stacks(&previous->esp, next->esp);
    sched_switched();
}

void sched_ready(struct thread *thread)
{
    thread->state = THREAD_READY;
    list_remove(&thread->queue);
    list_append(&run_queue, &thread->queue);
}

void sched_wake_all(struct list *waiters)
{
    LIST_EACH(node, waiters)
        sched_ready(LIST_ENTRY(node, struct thread, queue));
}

void sched_born(struct thread *thread)
{
    sched_ready(thread);
    if (misbehaviour == PEBBLES_MISBEHAVE_CHILD_FIRST)
        sched_yield_to(thread);
}

void sched_block(struct list *waiters, enum thread_state state)
{
    current->state = state;
    if (waiters != NULL)
        list_append(waiters, &current->queue);
    switch_to(next_choose());
}

void sched_sleep(uint32_t duration)
{
    struct list *place = sleepers.next;

    current->wake_tick = ticks + duration;
    while (place != &sleepers && LIST_ENTRY(place, struct thread, queue)->wake_tick - ticks <= duration)
        place = place->next;
    sched_block(place, THREAD_SLEEPING);        /* appended to a node: before it */
}

void sched_yield(void)
{
    if (!sched_is_idle())
        list_append(&run_queue, &current->queue);
    switch_to(next_choose());
}

void sched_yield_to(struct thread *thread)
{
    if (thread == current)
        return;
    list_append(&run_queue, &current->queue);
    list_remove(&thread->queue);
    switch_to(thread);
}

void sched_tick(void)
{
    ticks++;
    while (!list_is_empty(&sleepers)) {
        struct thread *first = LIST_ENTRY(sleepers.next, struct thread, queue);
        if ((int32_t)(ticks - first->wake_tick) < 0)
            break;
        sched_ready(first);
    }
    sched_yield();
}

void sched_wake_idle(void)
{
    if (sched_is_idle() && !list_is_empty(&run_queue))
        sched_yield();
}

_Noreturn void sched_leave(void)
{
    leaving = current;
    switch_to(next_choose());
    panic("a thread that left came back");
}

int32_t sched_misbehave(int32_t mode)
{
    int32_t before = misbehaviour;

    if (mode < PEBBLES_MISBEHAVE_NONE || mode > PEBBLES_MISBEHAVE_RANDOM)
        return PEBBLES_ERROR_ARGUMENT;
    misbehaviour = mode;
    return before;
}
