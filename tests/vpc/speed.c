/*
 * speed.c - how long kinds of work take by the time stamp counter, each so many instructions. On a clock that counts
 * instructions (clock=instructions) it tells how many these are, on the wall clock what they cost. times: it says them.
 */
#include "lib/interrupts.h"
#include "lib/paging.h"
#include "lib/words.h"

#define ROUNDS 2000u
#define TIMES 5u                /* the least counts: in the first code is translated, in others rows may be shown */
#define CALL 0x80u
#define LAPIC 0xFEE00000u

static uint8_t stack0[4096];
static uint32_t words[1024], copies[1024];
static bool tells_times;
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

/* Nobody is there: a way out to the bus and back, and no work. */
static void do_pauses(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        outb(0x80, 0);
}

/* Ways out to the local APIC, which the last 4 MiB have; and a question that needs nothing but registers. */
static void do_apic_reads(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        sink = *(volatile uint32_t *)(LAPIC + 0x20);
}

static void do_apic_writes(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        *(volatile uint32_t *)(LAPIC + 0x80) = 0;
}

static void do_questions(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t eax = 0, ecx = 0;
        __asm__ volatile("cpuid" : "+a"(eax), "+c"(ecx) : : "ebx", "edx");
    }
}

static __attribute__((noinline)) void measure(const char *name, void (*work)(void))
{
    uint32_t least = UINT32_MAX;

    for (unsigned i = 0; i < TIMES; i++) {
        uint32_t begin = now();
        work();
        uint32_t time = now() - begin;
        if (time < least)
            least = time;
    }
    say("%s", name);
    if (tells_times)
        say(" %u", least);
    say("\n");
}

static void map_one_to_one(void)
{
    static uint32_t directory[1024] __attribute__((aligned(4096)));

    for (uint32_t i = 0; i < 8; i++)
        directory[i] = i << 22 | 0x83;
    directory[LAPIC >> 22] = (LAPIC & 0xFFC00000) | 0x83;
    start_paging((uint32_t)directory);
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic;
    tells_times = has_word((const char *)info[4], "times");
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(CALL, on_call);
    map_one_to_one();
    measure("arithmetic", do_arithmetic);
    measure("memory", do_memory);
    measure("calls", do_calls);
    measure("copies of 4 KiB", do_copies);
    measure("system calls", do_system_calls);
    measure("port reads", do_ports);
    measure("pauses", do_pauses);
    measure("APIC reads", do_apic_reads);
    measure("APIC writes", do_apic_writes);
    measure("CPUID", do_questions);
    return 42;
}
