/*
 * thread.h - threads and tasks. A thread is one frame: this structure at the bottom, its kernel stack above. A task is
 * one frame, too. The kernel is never interrupted (but for the idle loop), so nothing here needs a lock.
 */
#ifndef PEBBLES_THREAD_H
#define PEBBLES_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "events.h"
#include "list.h"
#include "vm.h"

enum thread_state {
    THREAD_READY,           /* running, or in the run queue */
    THREAD_SLEEPING,        /* in the list of sleepers, until wake_tick */
    THREAD_WAITING,         /* in the list of those who wait for one kind of event */
    THREAD_DESCHEDULED,     /* until make_runnable */
};

struct task {
    struct list node;       /* in all tasks */
    struct list sibling;    /* in its parent's children or zombies */
    struct list children, zombies;
    struct list threads;
    struct list waiters;    /* threads in wait() */
    struct task *parent;    /* NULL: init */
    uint32_t directory;     /* of a zombie: FRAME_NONE */
    uint32_t id;            /* that of its first thread */
    int32_t status;
    uint32_t guest;         /* the guest kernel that it has become: guest.h; 0: it is a program */
    bool background;        /* what it becomes does not take keyboard and screen */
};

struct handler {            /* of software exceptions; eip 0: none */
    uint32_t esp, eip, argument;
};

struct thread {
    uint32_t esp;           /* of the kernel stack while it does not run */
    uint32_t canary;
    uint32_t id;
    enum thread_state state;
    struct list node;       /* in all threads */
    struct list sibling;    /* in its task */
    struct list queue;      /* where it waits or is ready */
    struct task *task;      /* NULL: the idle thread */
    struct handler handler;
    uint32_t wake_tick;
};

/* Every thread but idle; every task that is alive or waits to be collected. */
extern struct list all_threads, all_tasks;

/* The frame of user registers that the thread's last entry from user mode left at the top of its stack. */
struct event *thread_registers(struct thread *thread);

/* NULL: no such thread. */
struct thread *thread_find(uint32_t id);

/* A thread of a task that will start in user mode with these registers; not ready yet. NULL: no memory. */
struct thread *thread_create(struct task *task, const struct event *registers);

/* Free a thread that does not run. Its task may be left without any: see task_exit. */
void thread_destroy(struct thread *thread);

/* The end of the current thread, and of its task if it was the last. */
_Noreturn void thread_vanish(void);

/* A task without threads, child of parent, in a directory that it owns from now on. NULL: no memory. */
struct task *task_create(struct task *parent, uint32_t directory);

/* A task whose first thread could not be made: free it, directory and all. */
void task_destroy(struct task *task);

/* The last thread is gone: free the memory, leave a zombie for the parent, give children to init. */
void task_exit(struct task *task);

/* Free a zombie. */
void task_collect(struct task *task);

#endif
