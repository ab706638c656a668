/*
 * absent.c - what a virtual PC does not have, by the last letter of its command line. Interpreted: a switch of tasks
 * (k), or virtual-8086 mode (6). By any engine: XSAVE and with it XCR0, which no switch of worlds keeps: CR4.OSXSAVE
 * cannot be set (e). And RDTSCP (p). Where it is there the end is 42, too.
 */
#include "lib/interrupts.h"

#define TASK_SELECTOR 0x30u
#define EFLAGS_VM (1u << 17)
#define CR4_OSXSAVE (1u << 18)
#define VM_SEGMENT 0x8000u          /* its code is a HLT, which it may not execute: the handler sees who did */

static uint8_t stack0[4096], task_stack[4096];
static uint64_t table[7];
static uint32_t task[26];
static const char *refused = "IRET";

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
    if (frame->eflags & EFLAGS_VM)
        say("virtual-8086 mode runs, error %u\n", frame->error);
    else
        say("%s is refused, error %u\n", refused, frame->error);
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

static _Noreturn void on_undefined(struct frame *frame)
{
    say("RDTSCP is refused, vector %u\n", frame->vector);
    finish();
}

static _Noreturn void read_stamp(void)
{
    uint32_t low, high, aux;

    set_handler(6, on_undefined);
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(aux));
    say("RDTSCP runs, %u\n", aux);
    finish();
}

/* QEMU 7.2 without XSAVE never gets out of that instruction: there is nothing to compare with. */
static _Noreturn void set_osxsave(void)
{
    uint32_t cr4;

    refused = "CR4.OSXSAVE";
    say("asks for XSAVE\n");
    __asm__ volatile("movl %%cr4, %0; orl %1, %0; movl %0, %%cr4; movl %%cr4, %0" : "=&r"(cr4) : "i"(CR4_OSXSAVE));
    say("CR4 is %x\n", cr4);
    finish();
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
    if (*line == 'p')
        read_stamp();
    if (*line == 'e')
        set_osxsave();
    go_virtual();
}
