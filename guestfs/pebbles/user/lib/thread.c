/*
 * thread.c - see thread.h. On the one processor a lock that is taken will not be freed before somebody else runs.
 */
#include "thread.h"

void mutex_lock(struct mutex *mutex)
{
    while (__atomic_exchange_n(&mutex->locked, 1, __ATOMIC_ACQUIRE) != 0)
        yield(-1);
}

void mutex_unlock(struct mutex *mutex)
{
    __atomic_store_n(&mutex->locked, 0, __ATOMIC_RELEASE);
}

void wait_until_set(const volatile int *word)
{
    while (*word == 0)
        yield(-1);
}
