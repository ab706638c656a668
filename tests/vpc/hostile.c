/*
 * hostile.c - does what no kernel does: random bytes as code, as descriptors and page tables, random accesses to ports
 * and devices. cmdline= is its seed. How it ends is no matter: its neighbours must not notice, nor lose a frame.
 */
#include "lib/interrupts.h"

#define ROUNDS 100000u
#define CODE_BYTES 64u
#define PAGES 0x200000u         /* what it fills and runs */

static uint8_t stack0[8192];
static uint32_t state;
static void *resume[5];

static uint32_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* Any exception: on with the next round, on a fresh stack. */
static void on_exception(struct frame *frame)
{
    (void)frame;
    __builtin_longjmp(resume, 1);
}

static void on_line(struct frame *frame)
{
    pic_end(frame->vector - PIC_BASE);
}

static void run_bytes(void)
{
    uint8_t *code = (uint8_t *)PAGES + (next_random() & 0xFFFFF);

    for (unsigned i = 0; i < CODE_BYTES; i++)
        code[i] = (uint8_t)next_random();
    ((void (*)(void))code)();
}

static void touch_port(void)
{
    uint16_t port = (uint16_t)(next_random() & (next_random() & 1 ? 0x3FF : 0xFFFF));

    if (port == 0xF4 || port == 0x604)
        return;
    if (next_random() & 1)
        (void)inb(port);
    else if (port != 0x64 && port != 0x92)
        outw(port, (uint16_t)next_random());
}

static void touch_device(void)
{
    volatile uint32_t *at = (volatile uint32_t *)((next_random() & 1 ? 0xFEE00000 : 0xFEC00000) +
                                                  (next_random() & 0xFFC));

    *at = next_random();
}

static void swap_tables(void)
{
    uint32_t *directory = (uint32_t *)0x400000;

    directory[0] = 0x83;
    for (unsigned i = 1; i < 1024; i++)
        directory[i] = next_random();
    __asm__ volatile("movl %%cr4, %%eax; orl $0x10, %%eax; movl %%eax, %%cr4; movl %0, %%cr3;"
                     "movl %%cr0, %%eax; xorl $0x80000000, %%eax; movl %%eax, %%cr0" : : "r"(directory) : "eax");
}

static uint32_t read_seed(const uint32_t *info)
{
    uint32_t seed = 1;

    for (const char *text = (const char *)info[4]; *text >= '0' && *text <= '9'; text++)
        seed = seed * 10 + (uint32_t)(*text - '0');
    return seed * 2654435761u | 1;
}

int main(uint32_t magic, const uint32_t *info)
{
    static volatile unsigned round;

    (void)magic;
    state = read_seed(info);
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    for (unsigned i = 0; i < 256; i++)
        set_handler(i, i >= PIC_BASE && i < PIC_BASE + 16 ? on_line : on_exception);
    say("hostile\n");
    (void)__builtin_setjmp(resume);
    while (round++ < ROUNDS) {
        switch (next_random() % 8) {
        case 0: touch_port(); break;
        case 1: touch_device(); break;
        case 2: swap_tables(); break;
        default: run_bytes(); break;
        }
    }
    return 42;
}
