/*
 * mistake_event.c - mistakes with handlers, interrupts and guest user. As in mistake_call.c, the manifest has the words
 * that each report must hold.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA
#define READ_ONLY (FREE_GVA + 2 * PAGE_BYTES)
#define NOTHING 0x70000000u

USER_PIECE(system_call, "nop", "int $0x80");
USER_PIECE(hypercall, "nop", "int $0xDE");
USER_PIECE(privileged, "nop", "cli");
USER_PIECE(wait, "nop", "hlt");
USER_PIECE(push, "nop", "pushl %eax");
USER_PIECE(kernel_read, "nop", "movl 0x100000, %eax");
USER_PIECE(code_write, "nop", "movl %eax, 0x40000000");
USER_PIECE(undefined, "nop", "ud2");

extern uint8_t sdk_stack[];

static uint32_t pd;
static volatile uint32_t sink;
static uint8_t trap_stack[PAGE_BYTES];

static void prepare(uint32_t wp)
{
    pd = pd_make();
    *pt_entry(pd, address_of(sdk_stack)) = 0;       /* a guard page, of the stack's last quarter */
    user_esp0 = user_esp0 != 0 ? user_esp0 : address_of(trap_stack + sizeof(trap_stack));
    page_map(pd, PAGE, frame_take(), ENTRY_KERNEL);
    page_map(pd, READ_ONLY, frame_take(), ENTRY_P);
    hv_setpd(pd, wp);
}

/* Guest user as user_run_code starts it; nothing is handled but what the case fills. */
static void run(const uint8_t *code, const uint8_t *end)
{
    struct user_state state = { .eflags = EFLAGS_RESERVED_1, .ebp = address_of(__builtin_frame_address(0)) };

    prepare(0);
    user_run_code(code, end, &state);
}

static void ignore(struct event *event)
{
    (void)event;
}

static void fault_again(struct event *event)
{
    (void)event;
    sink = *(volatile uint32_t *)NOTHING;
}

static void divide_again(struct event *event)
{
    (void)event;
    __asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0) : "cc");
}

CASE(timer_empty)
{
    hv_enable_interrupts();
    for (;;)
        ;
}

CASE(keyboard_empty)
{
    event_handle(HV_SLOT_TIMER, ignore, true);
    hv_enable_interrupts();
    for (;;)
        hlt();
}

CASE(nested_fault)
{
    prepare(0);
    event_handle(14, fault_again, true);
    sink = *(volatile uint32_t *)(NOTHING + 0x1000);
}

CASE(nested_divide)
{
    prepare(0);
    event_handle(0, divide_again, true);
    __asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0) : "cc");
}

CASE(int_empty)
{
    __asm__ volatile("int $0x80");
}

CASE(breakpoint)
{
    __asm__ volatile("int3");
}

CASE(handler_above)
{
    hv_setidt(0x80, 0xFF000000, 1);
    __asm__ volatile("int $0x80");
}

CASE(handler_without_stack)
{
    event_handle(0x80, ignore, true);
    __asm__ volatile("xorl %esp, %esp; int $0x80");
}

CASE(stack_read_only)
{
    prepare(1);
    event_handle(0x80, ignore, true);
    __asm__ volatile("movl %0, %%esp; int $0x80" : : "r"(READ_ONLY + 0x800));
}

/* User code in kernel mode: hv_iret was given no esp0. */
CASE(user_in_kernel)
{
    struct user_state state = { .eip = USER_CODE, .esp = USER_STACK, .eflags = EFLAGS_RESERVED_1 };

    prepare(0);
    user_esp0 = 0;
    memcpy((void *)(uintptr_t)(*pt_entry(pd, USER_CODE) & ~(PAGE_BYTES - 1)), undefined, 8);
    user_run(&state);
}

CASE(user_slot_empty)
{
    run(system_call, system_call_end);
}

CASE(user_slot_privileged)
{
    event_handle(0x80, ignore, true);
    run(system_call, system_call_end);
}

CASE(user_hypercall)
{
    run(hypercall, hypercall_end);
}

CASE(user_cli)
{
    run(privileged, privileged_end);
}

CASE(user_hlt)
{
    run(wait, wait_end);
}

CASE(user_kernel_page)
{
    run(kernel_read, kernel_read_end);
}

CASE(user_code_write)
{
    run(code_write, code_write_end);
}

/* EBP is the kernel's still: no backtrace may follow it. */
CASE(user_stale_ebp)
{
    run(undefined, undefined_end);
}

CASE(user_not_loaded)
{
    struct user_state state = { .eip = NOTHING, .esp = USER_STACK, .eflags = EFLAGS_RESERVED_1 };

    prepare(0);
    user_run(&state);
}

CASE(user_without_stack)
{
    struct user_state state = { .eip = USER_CODE, .eflags = EFLAGS_RESERVED_1 };

    prepare(0);
    memcpy((void *)(uintptr_t)(*pt_entry(pd, USER_CODE) & ~(PAGE_BYTES - 1)), push, (size_t)(push_end - push));
    user_run(&state);
}

CASE(esp0_unmapped)
{
    event_handle(0x80, ignore, false);
    user_esp0 = NOTHING;
    run(system_call, system_call_end);
}

/* The user's ESP given as esp0, too: its page is there, and the kernel's frame lands on it. Here it is not. */
CASE(esp0_one)
{
    event_handle(0x80, ignore, false);
    user_esp0 = 1;
    run(system_call, system_call_end);
}

int main(void)
{
    test_case();
    test_survived();
}
