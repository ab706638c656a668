/*
 * share.c - busy from one second of the clock to another, counting what it gets done: what a share of the processor is
 * worth to it. cmdline= ends with the second at which it begins; it counts for three. counts: it says how much it was.
 */
#include "lib/interrupts.h"
#include "lib/words.h"

#define BUSY 20000u
#define SECONDS 3u

static uint32_t second(void)
{
    outb(0x70, 0);
    uint32_t value = inb(0x71);
    return (value >> 4) * 10 + (value & 15);
}

static void work(void)
{
    uint32_t count = BUSY;

    __asm__ volatile("1: decl %0; jnz 1b" : "+r"(count));
}

int main(uint32_t magic, const uint32_t *info)
{
    const char *text = (const char *)info[4];
    uint32_t begin, done = 0;

    (void)magic;
    while (text[1] != '\0')
        text++;
    begin = (uint32_t)(*text - '0');
    while (second() < begin)
        work();
    for (; second() < begin + SECONDS; done++)
        work();
    say("done");
    if (has_word((const char *)info[4], "counts"))
        say(" %u", done);
    say("\n");
    return 42;
}
