/*
 * task.c - birth, inheritance and end of tasks.
 */
#include "frames.h"
#include "halt.h"
#include "panic.h"
#include "sched.h"
#include "string.h"
#include "thread.h"

struct list all_tasks = LIST_EMPTY(all_tasks);

struct task *task_create(struct task *parent, uint32_t directory)
{
    uint32_t frame = frames_take();

    if (frame == FRAME_NONE)
        return NULL;
    struct task *task = frame_pointer(frame);
    memset(task, 0, sizeof(*task));
    list_init(&task->children);
    list_init(&task->zombies);
    list_init(&task->threads);
    list_init(&task->waiters);
    list_init(&task->sibling);
    list_append(&all_tasks, &task->node);
    task->parent = parent;
    task->directory = directory;
    task->background = parent != NULL && parent->background;
    if (parent != NULL)
        list_append(&parent->children, &task->sibling);
    return task;
}

void task_collect(struct task *task)
{
    ASSERT(list_is_empty(&task->threads) && list_is_empty(&task->children) && list_is_empty(&task->zombies));
    list_remove(&task->sibling);
    list_remove(&task->node);
    frames_drop(frame_of(task));
}

void task_destroy(struct task *task)
{
    vm_destroy(task->directory);
    task_collect(task);
}

/* Init, which has no parent, is the first task. */
static struct task *task_init(void)
{
    return LIST_ENTRY(all_tasks.next, struct task, node);
}

static void inherit(struct list *from, struct task *heir, struct list *to)
{
    LIST_EACH(node, from) {
        LIST_ENTRY(node, struct task, sibling)->parent = heir;
        list_remove(node);
        list_append(to, node);
    }
}

void task_exit(struct task *task)
{
    struct task *init = task_init();

    if (task->parent == NULL)
        halt(task->status);     /* nobody would be left to collect anybody */
    if (!list_is_empty(&task->zombies))
        sched_wake_all(&init->waiters);
    inherit(&task->children, init, &init->children);
    inherit(&task->zombies, init, &init->zombies);
    if (task->directory == vm_active())
        vm_activate(VM_KERNEL);
    vm_destroy(task->directory);
    task->directory = FRAME_NONE;
    list_remove(&task->sibling);
    list_append(&task->parent->zombies, &task->sibling);
    sched_wake_all(&task->parent->waiters);
}
