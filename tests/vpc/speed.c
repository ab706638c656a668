/*
 * speed.c - how long kinds of work take by the time stamp counter, each so many instructions. On a clock that counts
 * instructions (clock=instructions) it tells how many these are, on the wall clock what they cost.
 */
#include "lib/interrupts.h"

#define ROUNDS 2000u
#define CALL 0x80u

static uint8_t stack0[4096];
static uint32_t words[1024], copies[1024];
static volatile uint32_t sink;

static uint32_t now(void)
{
    uint32_t low;

    __asm__ volatile("rdtsc" : "=a"(low) : : "edx");
    return low;
}

static void on_call(struct frame *frame)
{
    sink += frame->eax;
}

static void do_arithmetic(void)
{
    uint32_t count = ROUNDS * 4, value = 1;

    __asm__ volatile("1: addl %1, %0; xorl $0x55, %0; roll $3, %0; leal 7(%0,%0), %0; cmpl $9, %0; decl %1; jnz 1b"
                     : "+r"(value), "+r"(count));
    sink = value;
}

static void do_memory(void)
{
    uint32_t count = ROUNDS * 4;

    __asm__ volatile("1: movl (%1), %%eax; addl %%eax, 4(%1); movl %%eax, 8(%1); decl %0; jnz 1b"
                     : "+r"(count) : "r"(words) : "eax", "memory");
}

static __attribute__((noinline)) uint32_t leaf(uint32_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value + 1;
}

static void do_calls(void)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < ROUNDS; i++)
        value = leaf(value);
    sink = value;
}

static void do_copies(void)
{
    for (unsigned i = 0; i < ROUNDS / 10; i++)
        memcpy(copies, words, sizeof(words));
}

static void do_system_calls(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        __asm__ volatile("int $0x80" : : "a"(i));
}

static void do_ports(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        sink = inb(0x21);
}

static void measure(const char *name, void (*work)(void))
{
    work();                                 /* decoded, translated */
    uint32_t begin = now();
    work();
    say("%s %u\n", name, now() - begin);
}

static void start_paging(void)
{
    static uint32_t directory[1024] __attribute__((aligned(4096)));

    for (uint32_t i = 0; i < 8; i++)
        directory[i] = i << 22 | 0x83;
    __asm__ volatile("movl %%cr4, %%eax; orl $0x10, %%eax; movl %%eax, %%cr4; movl %0, %%cr3;"
                     "movl %%cr0, %%eax; orl $0x80010000, %%eax; movl %%eax, %%cr0" : : "r"(directory) : "eax");
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(CALL, on_call);
    start_paging();
    measure("arithmetic", do_arithmetic);
    measure("memory", do_memory);
    measure("calls", do_calls);
    measure("copies of 4 KiB", do_copies);
    measure("system calls", do_system_calls);
    measure("port reads", do_ports);
    return 42;
}
