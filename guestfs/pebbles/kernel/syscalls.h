/*
 * syscalls.h - the system calls as C functions: sys_NAME(registers, argument words) returns what goes into EAX.
 *
 * They may change the registers (exec, swexn), and some never return. What their arguments point to is theirs to check.
 */
#ifndef PEBBLES_KERNEL_SYSCALLS_H
#define PEBBLES_KERNEL_SYSCALLS_H

#include <stdint.h>

#include "events.h"
#include "pebbles/abi.h"
#include "pebbles/syscalls.h"

#define SYSCALL_WORDS_MAX 4

#define X(number, NAME, name, words) int32_t sys_##name(struct event *event, const uint32_t *arguments);
PEBBLES_CALLS(X)
#undef X

#endif
