/*
 * absent.c - what an interpreted virtual PC does not have, by the last letters of its command line: a switch of tasks,
 * or virtual-8086 mode. Where it is there the end is 42, too.
 */
#include "lib/interrupts.h"

#define TASK_SELECTOR 0x30u
#define EFLAGS_VM (1u << 17)
#define VM_SEGMENT 0x8000u          /* its code is a HLT, which it may not execute: the handler sees who did */

static uint8_t stack0[4096], task_stack[4096];
static uint64_t table[7];
static uint32_t task[26];

static _Noreturn void finish(void)
{
    outb(0xF4, 42);
    for (;;)
        cli();
}

static _Noreturn void other_task(void)
{
    say("another task runs\n");
    finish();
}

static void on_protection(struct frame *frame)
{
    say(frame->eflags & EFLAGS_VM ? "virtual-8086 mode runs, error %u\n" : "IRET is refused, error %u\n", frame->error);
    finish();
}

static _Noreturn void go_virtual(void)
{
    *(volatile uint8_t *)(VM_SEGMENT << 4) = 0xF4;
    say("goes to virtual-8086 mode\n");
    __asm__ volatile("pushl $0; pushl $0; pushl $0; pushl $0; pushl %0; pushl $0x1000; pushl %1; pushl %0; pushl $0;"
                     "iret" : : "r"(VM_SEGMENT), "r"(EFLAGS_VM | 2u) : "memory");
    __builtin_unreachable();
}

/* The library's segments, and behind them another task's state. */
static _Noreturn void switch_task(void)
{
    struct { uint16_t limit; uint32_t base; } __attribute__((packed)) old, new = { sizeof(table) - 1, (uint32_t)table };
    uint32_t base = (uint32_t)task;

    __asm__ volatile("sgdt %0" : "=m"(old));
    memcpy(table, (const void *)old.base, sizeof(table) - sizeof(table[0]));
    table[6] = 0x0000890000000067ull | (uint64_t)(base & 0xFFFFFF) << 16 | (uint64_t)(base & 0xFF000000) << 32;
    task[8] = (uint32_t)other_task;
    task[9] = 2;
    task[14] = (uint32_t)task_stack + sizeof(task_stack);
    task[18] = task[20] = task[21] = task[22] = task[23] = DATA0;
    task[19] = CODE0;
    task[25] = 0x68u << 16;
    say("switches tasks\n");
    __asm__ volatile("lgdt %0; ljmp %1, $0" : : "m"(new), "i"(TASK_SELECTOR) : "memory");
    __builtin_unreachable();
}

int main(uint32_t magic, const uint32_t *info)
{
    const char *line = (const char *)info[4];

    (void)magic;
    while (line[0] != '\0' && line[1] != '\0')
        line++;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(13, on_protection);
    if (*line == 'k')
        switch_task();
    go_virtual();
}
