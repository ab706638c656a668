/*
 * syscall.c - from the vector to the function; where the arguments are.
 */
#include <stddef.h>

#include "panic.h"
#include "syscalls.h"
#include "trap.h"
#include "user.h"

struct syscall {
    int32_t (*function)(struct event *event, const uint32_t *arguments);
    uint32_t words;
};

static const struct syscall table[] = {
#define X(number, NAME, name, words) [number] = { sys_##name, words },
    PEBBLES_CALLS(X)
#undef X
};

void syscall_dispatch(struct event *event)
{
    uint32_t arguments[SYSCALL_WORDS_MAX] = { event->esi };

    ASSERT(event->slot < sizeof(table) / sizeof(table[0]));
    const struct syscall *call = &table[event->slot];
    ASSERT(call->function != NULL);
    if (call->words > 1 && !user_read(arguments, event->esi, call->words * sizeof(uint32_t)))
        event->eax = (uint32_t)PEBBLES_ERROR_POINTER;
    else
        event->eax = (uint32_t)call->function(event, arguments);
}
