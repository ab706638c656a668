/*
 * stops.c - halts with interrupts off, so that nothing wakes it again: with paging on, after a page fault and a port
 * access, two functions deep, with a value of its own in each register. What it knows of them it says before.
 */
#include "lib/interrupts.h"
#include "lib/paging.h"

#define ABSENT 0x00C0DE00u          /* what it reads, though its directory has nothing there */
#define READ_BYTES 5u               /* mov ABSENT, %eax */
#define PAGE 4096u

static uint32_t directory[1024] __attribute__((aligned(PAGE)));
static uint32_t table[1024] __attribute__((aligned(PAGE)));
static uint8_t stack0[4096];

extern const uint8_t last_instruction[];

static void on_fault(struct frame *frame)
{
    frame->eip += READ_BYTES;
}

/* The first 4 MiB by pages of 4 KiB; nobody may write to the one that it ends in. */
static void map_pages(void)
{
    for (uint32_t page = 0; page < 1024; page++)
        table[page] = page * PAGE | 3;
    table[(uint32_t)last_instruction / PAGE] &= ~2u;
    directory[0] = (uint32_t)table | 3;
    start_paging((uint32_t)directory);
}

/* EBP and ESP are left as they are: frames are found by them. */
static __attribute__((noinline)) void halt_for_ever(uint32_t depth)
{
    __asm__ volatile("movb $0xFB, %%al; outb %%al, $0x21;"
                     "movl $0xA0A0A0A0, %%eax; movl $0xB1B1B1B1, %%ebx; movl $0xC2C2C2C2, %%ecx;"
                     "movl $0xD3D3D3D3, %%edx; movl $0x51515151, %%esi; movl $0xD1D1D1D1, %%edi;"
                     "cli; .globl last_instruction; last_instruction: hlt; nop"
                     : : "m"(depth) : "eax", "ebx", "ecx", "edx", "esi", "edi", "memory");
    say("FAILED: still here, %u\n", depth);
}

static __attribute__((noinline)) void go_down(uint32_t depth)
{
    halt_for_ever(depth + 1);
    say("FAILED: goes on, %u\n", depth);
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(14, on_fault);
    map_pages();
    __asm__ volatile(".byte 0xA1; .long %c0" : : "i"(ABSENT) : "eax", "memory");
    say("halts at %x, directory %x, table %x\n", (uint32_t)last_instruction, (uint32_t)directory, (uint32_t)table);
    go_down(1);
    return 1;
}
