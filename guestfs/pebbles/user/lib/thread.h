/*
 * thread.h - threads of one task, and a lock for what they share.
 */
#ifndef USER_THREAD_H
#define USER_THREAD_H

#include "pebbles.h"

/* function(argument) as a new thread on the stack below stack_end; its return is vanish(). The thread's number. */
int thread_start(void *stack_end, void (*function)(void *), void *argument);

/* Zero-initialised: free. Not recursive. Whoever waits yields. */
struct mutex {
    volatile int locked;
};

void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

/* Wait until *word is not 0, by yield: for tests. */
void wait_until_set(const volatile int *word);

#endif
