/*
 * sched.h - who runs: one run queue, round robin, a turn of one tick.
 */
#ifndef PEBBLES_SCHED_H
#define PEBBLES_SCHED_H

#include "thread.h"

/* The thread that runs now. Before the first switch, and when nobody is ready: idle. */
struct thread *sched_current(void);
bool sched_is_idle(void);

/* Ticks since boot, modulo 2^32. */
uint32_t sched_ticks(void);

/* Append a thread to the run queue. It waits, sleeps or is new. */
void sched_ready(struct thread *thread);
void sched_wake_all(struct list *waiters);

/* A new thread is ready; its parent is the current one. */
void sched_born(struct thread *thread);

/* The current thread waits in a list until somebody makes it ready; NULL: in none. */
void sched_block(struct list *waiters, enum thread_state state);
void sched_sleep(uint32_t ticks);

/* The others first; or this one, which is ready. */
void sched_yield(void);
void sched_yield_to(struct thread *thread);

/* A tick passed. */
void sched_tick(void);

/* Switch away from idle if there is somebody. */
void sched_wake_idle(void);

/* The current thread is in no list any more: run another, free this one's stack. */
_Noreturn void sched_leave(void);

/* PEBBLES_MISBEHAVE_*; returns the one before. */
int32_t sched_misbehave(int32_t mode);

#endif
