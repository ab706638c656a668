/*
 * trap.c - what to do with each slot.
 */
#include "console.h"
#include "event_frame.h"
#include "give_back.h"
#include "guest.h"
#include "hv.h"
#include "panic.h"
#include "sched.h"
#include "pebbles/syscalls.h"
#include "trap.h"
#include "user.h"

#define SLOT_BREAKPOINT 3
#define SLOT_OVERFLOW 4

extern const uint8_t trap_entries[], user_copy_at[], user_copy_end[];

/* User programs may raise INT3, INTO and system calls; any other INT n is a #GP. */
static bool is_open(uint32_t slot)
{
    switch (slot) {
    case SLOT_BREAKPOINT:
    case SLOT_OVERFLOW:
#define X(number, NAME, name, words) case number:
    PEBBLES_CALLS(X)
#undef X
        return true;
    default:
        return false;
    }
}

void trap_boot(void)
{
    for (uint32_t slot = 0; slot < HV_IDT_SLOTS; slot++)
        hv_setidt(slot, (uint32_t)(uintptr_t)trap_entries + slot * EVENT_ENTRY_BYTES, !is_open(slot));
}

/* Copies of user memory may fault, and nothing else. */
static void kernel_exception(struct event *event)
{
    if (event->slot != SLOT_PAGE_FAULT || event->eip != (uint32_t)(uintptr_t)user_copy_at)
        panic("exception %u in the kernel, error 0x%x, eip 0x%08x, address 0x%08x", event->slot, event->error,
              event->eip, event->address);
    if (!user_fault(event->address, event->error))
        event->eip = (uint32_t)(uintptr_t)user_copy_end;
}

static void user_trap(struct event *event)
{
    if (event->slot >= HV_SLOT_TIMER)
        syscall_dispatch(event);
    else if (event->slot != SLOT_PAGE_FAULT || !user_fault(event->address, event->error))
        exception_deliver(event);
}

static void interrupt_serve(const struct event *event)
{
    switch (event->slot) {
    case HV_SLOT_TIMER:
        sched_tick();
        if (sched_is_idle())
            give_back_idle();
        break;
    case HV_SLOT_KEYBOARD:
        console_key(event->error);
        break;
    case HV_SLOT_CHILD:
        guest_event();
        break;
    default:
        if (event->error == HV_MESSAGE_MEMORY)
            give_back_all();
    }
}

void trap_dispatch(struct event *event)
{
    bool in_kernel = event->mode == HV_MODE_KERNEL;

    if (event->slot >= HV_SLOT_TIMER && event->slot <= HV_SLOT_MESSAGE) {
        ASSERT(!in_kernel || sched_is_idle());
        interrupt_serve(event);
        sched_wake_idle();
    } else if (in_kernel) {
        kernel_exception(event);
    } else {
        user_trap(event);
    }
}
