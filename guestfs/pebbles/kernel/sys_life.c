/*
 * sys_life.c - system calls: fork, thread_fork, wait, set_status, vanish, task_vanish, halt.
 */
#include "frames.h"
#include "halt.h"
#include "sched.h"
#include "syscalls.h"
#include "user.h"

/* Only the calling thread is in the child, with its exception handler. */
int32_t sys_fork(struct event *event, const uint32_t *arguments)
{
    struct thread *self = sched_current();
    struct event registers = *event;

    (void)arguments;
    uint32_t directory = vm_fork(self->task->directory);
    if (directory == FRAME_NONE)
        return PEBBLES_ERROR_MEMORY;
    struct task *task = task_create(self->task, directory);
    if (task == NULL) {
        vm_destroy(directory);
        return PEBBLES_ERROR_MEMORY;
    }
    registers.eax = 0;
    struct thread *thread = thread_create(task, &registers);
    if (thread == NULL) {
        task_destroy(task);
        return PEBBLES_ERROR_MEMORY;
    }
    thread->handler = self->handler;
    int32_t id = (int32_t)thread->id;   /* it may have run, and be gone, when sched_born returns */
    sched_born(thread);
    return id;
}

int32_t sys_thread_fork(struct event *event, const uint32_t *arguments)
{
    struct event registers = *event;

    (void)arguments;
    registers.eax = 0;
    struct thread *thread = thread_create(sched_current()->task, &registers);
    if (thread == NULL)
        return PEBBLES_ERROR_MEMORY;
    int32_t id = (int32_t)thread->id;
    sched_born(thread);
    return id;
}

/* Waits for as many children as there are threads in wait(): one more would wait for ever. */
int32_t sys_wait(struct event *event, const uint32_t *arguments)
{
    struct task *task = sched_current()->task;
    uint32_t status_address = arguments[0];

    (void)event;
    while (list_is_empty(&task->zombies)) {
        if (status_address != 0 && !user_can_write(status_address, sizeof(int32_t)))
            return PEBBLES_ERROR_POINTER;
        if (list_count(&task->children) <= list_count(&task->waiters))
            return PEBBLES_ERROR_NONE;
        sched_block(&task->waiters, THREAD_WAITING);
    }
    struct task *zombie = LIST_ENTRY(task->zombies.next, struct task, sibling);
    if (status_address != 0 && !user_write_word(status_address, (uint32_t)zombie->status))
        return PEBBLES_ERROR_POINTER;
    int32_t id = (int32_t)zombie->id;
    task_collect(zombie);
    return id;
}

int32_t sys_set_status(struct event *event, const uint32_t *arguments)
{
    (void)event;
    sched_current()->task->status = (int32_t)arguments[0];
    return 0;
}

int32_t sys_vanish(struct event *event, const uint32_t *arguments)
{
    (void)event;
    (void)arguments;
    thread_vanish();
}

/* The other threads do not run, and hold nothing that thread_destroy does not know: they end where they stand. */
int32_t sys_task_vanish(struct event *event, const uint32_t *arguments)
{
    struct thread *self = sched_current();

    (void)event;
    self->task->status = (int32_t)arguments[0];
    LIST_EACH(node, &self->task->threads) {
        struct thread *thread = LIST_ENTRY(node, struct thread, sibling);
        if (thread != self)
            thread_destroy(thread);
    }
    thread_vanish();
}

int32_t sys_halt(struct event *event, const uint32_t *arguments)
{
    (void)event;
    halt((int32_t)arguments[0]);
}
