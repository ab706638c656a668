/*
 * trap.h - the ways into the kernel and out of it, and between threads.
 */
#ifndef PEBBLES_TRAP_H
#define PEBBLES_TRAP_H

#include <stdint.h>

#include "events.h"

#define THREAD_CANARY 0x5EA5E115u
#define THREAD_EFLAGS 0x202u    /* bit 1, and IF: no user program runs with interrupts off */
#define SLOT_PAGE_FAULT 14

/* What switch_stacks leaves on the stack of a thread that does not run. */
struct switch_frame {
    uint32_t edi, esi, ebx, ebp, eip;
};

/* Fill all 256 slots. An empty one would let any user program end the guest with an INT. */
void trap_boot(void);

/* trap.S: save where this thread is in *esp, go on where the other one was. */
void switch_stacks(uint32_t *esp, uint32_t other_esp);

/* trap.S: where a new thread starts: leaves to user mode through the struct event on its stack. */
void thread_start(void);

/* From trap.S. */
void trap_dispatch(struct event *event);
void sched_switched(void);

/* An exception of the current thread in user mode: its handler gets it, or it is the thread's end. */
void exception_deliver(struct event *event);

/* "tid N killed: reason, eip=...", what stack or system call has to do with it, status -2, vanish. */
_Noreturn void thread_kill(const char *reason, const struct event *event);

/* Run a system call and put its result into EAX. */
void syscall_dispatch(struct event *event);

#endif
