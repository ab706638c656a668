/*
 * exception.c - exceptions of user programs: swexn handlers, and the end of those who have none.
 */
#include "console.h"
#include "hv.h"
#include "panic.h"
#include "sched.h"
#include "stack.h"
#include "string.h"
#include "syscalls.h"
#include "trap.h"
#include "user.h"

#define EXCEPTION_COUNT 20
#define SLOT_GENERAL_PROTECTION 13
#define ERROR_TABLE 7u          /* bits 0-2 of a selector error code; */
#define ERROR_VIDT 2u           /* of an INT n that programs may not use, with n above them */
#define SELECTOR(name) \
    ({ uint32_t selector; __asm__ volatile("movl %%" #name ", %0" : "=r"(selector)); selector & 0xFFFF; })

static const char *const reasons[EXCEPTION_COUNT] = {
    "divide error", "debug trap", "NMI", "breakpoint", "overflow", "bound exceeded", "undefined instruction",
    "no coprocessor", "double fault", "coprocessor overrun", "bad task state", "segment not present", "stack fault",
    "general protection", "page fault", "reserved exception", "coprocessor error", "alignment check",
    "machine check", "SIMD exception",
};

/* What the registers do not tell. */
static void cause_explain(const struct event *event)
{
    if (event->slot == SLOT_GENERAL_PROTECTION && (event->error & ERROR_TABLE) == ERROR_VIDT)
        console_printf("  INT 0x%02x is no system call\n", event->error >> 3);
    if (event->slot != SLOT_PAGE_FAULT)
        return;
    switch (stack_examine(vm_active(), event->address)) {
    case STACK_AT_LIMIT:
        console_printf("  the first stack grows to %u KiB, down to 0x%08x, and no further\n",
                       PEBBLES_STACK_MAX_BYTES / 1024, PEBBLES_USER_END - PEBBLES_STACK_MAX_BYTES);
        break;
    case STACK_OBSTRUCTED:
        console_printf("  the first stack cannot grow: pages of new_pages are in its way\n");
        break;
    case STACK_NO_MEMORY:
        console_printf("  the first stack cannot grow: no memory is left\n");
        break;
    case STACK_ELSEWHERE:
    case STACK_GROWS:
        break;
    }
}

_Noreturn void thread_kill(const char *reason, const struct event *event)
{
    struct thread *self = sched_current();

    console_printf("tid %u killed: %s, eip=0x%08x", self->id, reason, event->eip);
    if (event->slot == SLOT_PAGE_FAULT)
        console_printf(", address=0x%08x", event->address);
    console_printf("\n");
    cause_explain(event);
    self->task->status = PEBBLES_STATUS_KILLED;
    thread_vanish();
}

static void ureg_fill(ureg_t *ureg, const struct event *event)
{
    *ureg = (ureg_t){
        .cause = event->slot, .cr2 = event->address, .error_code = event->error,
        .ds = SELECTOR(ds), .es = SELECTOR(es), .fs = SELECTOR(fs), .gs = SELECTOR(gs), .cs = SELECTOR(cs),
        .ss = SELECTOR(ss), .edi = event->edi, .esi = event->esi, .ebp = event->ebp, .ebx = event->ebx,
        .edx = event->edx, .ecx = event->ecx, .eax = event->eax, .eip = event->eip, .eflags = event->eflags,
        .esp = event->user_esp,
    };
}

void exception_deliver(struct event *event)
{
    struct thread *self = sched_current();
    struct handler handler = self->handler;
    struct { uint32_t return_address, argument, ureg_address; ureg_t ureg; } frame;

    self->handler = (struct handler){ 0 };
    if (event->slot >= EXCEPTION_COUNT)
        thread_kill("unknown exception", event);
    if (handler.eip == 0)
        thread_kill(reasons[event->slot], event);
    uint32_t esp = handler.esp - sizeof(frame);
    frame.return_address = 0;
    frame.argument = handler.argument;
    frame.ureg_address = esp + offsetof(typeof(frame), ureg);
    ureg_fill(&frame.ureg, event);
    if (!user_write(esp, &frame, sizeof(frame)))
        thread_kill("no stack for its exception handler", event);
    event->eip = handler.eip;
    event->user_esp = esp;
    event->eflags = THREAD_EFLAGS;
}

static bool is_user_code(uint32_t eip)
{
    return eip >= PEBBLES_USER_START && eip < PEBBLES_USER_END;
}

/* What the hypervisor would end the guest for, or what would lock the kernel out, is refused here. */
static bool ureg_is_legal(const ureg_t *ureg)
{
    return is_user_code(ureg->eip) && (ureg->eflags & ~PEBBLES_EFLAGS_ALLOWED) == 0;
}

static void ureg_load(struct event *event, const ureg_t *ureg)
{
    event->edi = ureg->edi;
    event->esi = ureg->esi;
    event->ebp = ureg->ebp;
    event->ebx = ureg->ebx;
    event->edx = ureg->edx;
    event->ecx = ureg->ecx;
    event->eax = ureg->eax;
    event->eip = ureg->eip;
    event->user_esp = ureg->esp;
    event->eflags = ureg->eflags | THREAD_EFLAGS;
}

/* swexn(esp3, eip, argument, newureg): all of it, or nothing. */
int32_t sys_swexn(struct event *event, const uint32_t *arguments)
{
    struct handler handler = { arguments[0], arguments[1], arguments[2] };
    ureg_t ureg;

    if (handler.esp == 0 || handler.eip == 0)
        handler = (struct handler){ 0 };
    else if (!is_user_code(handler.eip))
        return PEBBLES_ERROR_ARGUMENT;
    else if (!user_can_write(handler.esp - sizeof(ureg), sizeof(ureg)))
        return PEBBLES_ERROR_POINTER;
    if (arguments[3] != 0) {
        if (!user_read(&ureg, arguments[3], sizeof(ureg)))
            return PEBBLES_ERROR_POINTER;
        if (!ureg_is_legal(&ureg))
            return PEBBLES_ERROR_ARGUMENT;
        ureg_load(event, &ureg);
    }
    sched_current()->handler = handler;
    return arguments[3] != 0 ? (int32_t)ureg.eax : 0;
}
