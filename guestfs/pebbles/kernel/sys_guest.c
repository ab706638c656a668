/*
 * sys_guest.c - system calls beyond the published ones: kill, background, view.
 */
#include "frames.h"
#include "guest.h"
#include "sched.h"
#include "syscalls.h"

/* A child of the calling task, or a child of one, by its first thread; NULL: there is none that is alive. */
static struct task *descendant_find(uint32_t id)
{
    const struct task *self = sched_current()->task;

    LIST_EACH(node, &all_tasks) {
        struct task *task = LIST_ENTRY(node, struct task, node);
        if (task->id != id || task->directory == FRAME_NONE)
            continue;
        for (const struct task *parent = task->parent; parent != NULL; parent = parent->parent)
            if (parent == self)
                return task;
        return NULL;
    }
    return NULL;
}

/* kill(tid): it ends, as by an exception that it does not handle. Its threads do not run: they end where they stand. */
int32_t sys_kill(struct event *event, const uint32_t *arguments)
{
    struct task *task = descendant_find(arguments[0]);

    (void)event;
    if (task == NULL)
        return PEBBLES_ERROR_NONE;
    guest_stop(task);
    task->guest = 0;
    task->status = PEBBLES_STATUS_KILLED;
    LIST_EACH(node, &task->threads)
        thread_destroy(LIST_ENTRY(node, struct thread, sibling));
    task_exit(task);
    return 0;
}

/* background(on): a guest kernel that this process, or one that it forks, becomes does not take keyboard and screen. */
int32_t sys_background(struct event *event, const uint32_t *arguments)
{
    (void)event;
    sched_current()->task->background = arguments[0] != 0;
    return 0;
}

/* view(tid): keyboard and screen to the guest kernel that this process became, now in the foreground; 0: back. */
int32_t sys_view(struct event *event, const uint32_t *arguments)
{
    struct task *task = arguments[0] != 0 ? descendant_find(arguments[0]) : NULL;

    (void)event;
    if (arguments[0] != 0 && (task == NULL || task->guest == 0))
        return PEBBLES_ERROR_NONE;
    if (!guest_view(task != NULL ? task->guest : 0))
        return PEBBLES_ERROR_STATE;
    if (task != NULL)
        task->background = false;
    return 0;
}
