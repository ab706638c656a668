/*
 * thread.c - birth and death of threads.
 */
#include "console.h"
#include "frames.h"
#include "panic.h"
#include "sched.h"
#include "string.h"
#include "thread.h"
#include "trap.h"

struct list all_threads = LIST_EMPTY(all_threads);

static uint32_t last_id;

struct event *thread_registers(struct thread *thread)
{
    return (struct event *)(void *)((uint8_t *)thread + PAGE_BYTES - sizeof(struct event));
}

struct thread *thread_find(uint32_t id)
{
    LIST_EACH(node, &all_threads) {
        struct thread *thread = LIST_ENTRY(node, struct thread, node);
        if (thread->id == id)
            return thread;
    }
    return NULL;
}

/* As if the thread had been interrupted in user mode and then switched away from: thread_start is where it "was". */
static void stack_build(struct thread *thread, const struct event *registers)
{
    struct event *frame = thread_registers(thread);
    struct switch_frame *saved = (struct switch_frame *)(void *)frame - 1;

    *frame = *registers;
    *saved = (struct switch_frame){ .eip = (uint32_t)(uintptr_t)thread_start };
    thread->esp = (uint32_t)(uintptr_t)saved;
}

struct thread *thread_create(struct task *task, const struct event *registers)
{
    uint32_t frame = frames_take();

    if (frame == FRAME_NONE)
        return NULL;
    struct thread *thread = frame_pointer(frame);
    memset(thread, 0, sizeof(*thread));
    thread->canary = THREAD_CANARY;
    thread->id = ++last_id;
    thread->state = THREAD_READY;
    thread->task = task;
    list_init(&thread->queue);
    list_append(&all_threads, &thread->node);
    list_append(&task->threads, &thread->sibling);
    if (task->id == 0)
        task->id = thread->id;
    stack_build(thread, registers);
    return thread;
}

/* Take it out of every list, and from what it held. Its stack stays. */
static void thread_unlink(struct thread *thread)
{
    console_forget(thread);
    list_remove(&thread->queue);
    list_remove(&thread->sibling);
    list_remove(&thread->node);
}

void thread_destroy(struct thread *thread)
{
    thread_unlink(thread);
    frames_drop(frame_of(thread));
}

_Noreturn void thread_vanish(void)
{
    struct thread *self = sched_current();
    struct task *task = self->task;

    thread_unlink(self);
    if (list_is_empty(&task->threads))
        task_exit(task);
    sched_leave();
}
