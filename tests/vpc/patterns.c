/*
 * patterns.c - what a processor keeps for its software stays what it was made, for some seconds beside others that
 * want it, too: x87 and SSE registers, MXCSR, the debug registers, general registers and flags. cmdline= is its seed;
 * with an odd one a breakpoint is on all the time, and each store to its word is one trap. Nothing else traps.
 */
#include "lib/interrupts.h"

#define SECONDS 3u
#define BUSY 20000u
#define DR7_OFF 0x400u
#define DR7_ON 0x000D0401u          /* DR0: writes of four bytes */
#define IMAGE_END (288 / 4)         /* words: the end of XMM7 */

static uint32_t image[128] __attribute__((aligned(16))), saved[128] __attribute__((aligned(16)));
static volatile uint32_t watched, traps, others;
static uint32_t seed;

static void on_debug(struct frame *frame)
{
    uint32_t none = 0, dr6;

    (void)frame;
    __asm__ volatile("movl %%dr6, %0; movl %1, %%dr6" : "=&r"(dr6) : "r"(none));
    traps++;
    others += (dr6 & 0x400F) != 1;
}

static void save(void)
{
    memset(saved, 0, sizeof(saved));
    __asm__ volatile("fxsave %0" : "=m"(saved));
}

static void fill(void)
{
    for (uint32_t i = 0; i < 128; i++)
        image[i] = (0x5A5A5A5A ^ i) + seed * 0x01010101u;
    image[0] = 0x37F;               /* control and status word; all registers are valid */
    image[1] = 0xFF;
    image[6] = seed & 2 ? 0x9F80 : 0x1F80;
    image[7] = 0;
    memset(&image[2], 0, 16);           /* of the last x87 instruction: AMD's processors keep it after faults only */
    __asm__ volatile("fxrstor %0" : : "m"(image));
    save();
    memcpy(image, saved, sizeof(image));        /* what the processor makes of reserved bits */
}

static uint32_t debug_value(uint32_t number)
{
    return number == 0 ? (uint32_t)&watched : 0x1000 * number + seed;
}

static void check_debug(uint32_t dr7)
{
    uint32_t found[5];

    __asm__ volatile("movl %%dr0, %%eax; movl %%eax, 0(%0); movl %%dr1, %%eax; movl %%eax, 4(%0);"
                     "movl %%dr2, %%eax; movl %%eax, 8(%0); movl %%dr3, %%eax; movl %%eax, 12(%0);"
                     "movl %%dr7, %%eax; movl %%eax, 16(%0)" : : "r"(found) : "eax", "memory");
    for (uint32_t i = 0; i < 4; i++)
        check(found[i] == debug_value(i), "a debug register");
    check(found[4] == dr7, "DR7");
}

/* Registers and flags over many turns of others. */
static void be_busy(void)
{
    uint32_t esi = seed * 3, edi = seed * 5, ebx = seed * 7, before, after, count = BUSY;

    __asm__ volatile("std; stc; pushfl; popl %0; 1: nop; decl %5; jnz 1b; stc; cmpl %%eax, %%eax; std; pushfl; popl %1;"
                     " cld"
                     : "=&r"(before), "=&m"(after), "+S"(esi), "+D"(edi), "+b"(ebx), "+c"(count) : : "cc", "memory");
    check(esi == seed * 3 && edi == seed * 5 && ebx == seed * 7 && count == 0, "registers");
    check(before & 0x400 && after & 0x400, "direction");
}

static uint8_t second(void)
{
    outb(0x70, 0);
    return inb(0x71);
}

static uint32_t read_seed(const uint32_t *info)
{
    const char *text = (const char *)info[4];
    uint32_t value = 0;

    while (*text != '\0')
        text++;
    for (text--; text >= (const char *)info[4] && *text >= '0' && *text <= '9'; text--)
        value = *text - '0' + value;
    return value;
}

int main(uint32_t magic, const uint32_t *info)
{
    static uint8_t stack0[4096];
    uint32_t rounds = 0, dr7;

    (void)magic;
    seed = read_seed(info);
    dr7 = seed & 1 ? DR7_ON : DR7_OFF;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(1, on_debug);
    __asm__ volatile("movl %%cr4, %%eax; orl $0x600, %%eax; movl %%eax, %%cr4" : : : "eax");
    fill();
    __asm__ volatile("movl %0, %%dr0; movl %1, %%dr1; movl %2, %%dr2; movl %3, %%dr3; movl %4, %%dr7"
                     : : "r"(debug_value(0)), "r"(debug_value(1)), "r"(debug_value(2)), "r"(debug_value(3)), "r"(dr7));
    uint8_t last = second();
    for (unsigned seconds = 0; seconds < SECONDS && failures == 0; rounds++) {
        watched = rounds;
        be_busy();
        save();
        check(memcmp(saved, image, IMAGE_END * 4) == 0, "FPU and SSE");
        check_debug(dr7);
        seconds += second() != last;
        last = second();
    }
    __asm__ volatile("movl %0, %%dr7" : : "r"(DR7_OFF));
    check(traps == (seed & 1 ? rounds : 0) && others == 0, "breakpoints");
    say("seed %u, %u failed\n", seed, failures);
    return failures == 0 ? 42 : 1;
}
