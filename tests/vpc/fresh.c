/*
 * fresh.c - says what it was given: the first word of its disk and of a page that nobody loads, and its command line.
 * Then it writes to both, and waits for ever: who starts it again must find all as it was.
 */
#include "lib/interrupts.h"

#define IDE 0x1F0u
#define PLACE ((volatile uint32_t *)0xA00000)

static uint8_t stack0[4096];
static uint32_t sector[128];

static void begin(uint8_t command)
{
    outb(IDE + 2, 1);
    for (unsigned i = 3; i < 6; i++)
        outb((uint16_t)(IDE + i), 0);
    outb(IDE + 6, 0xE0);
    outb(IDE + 7, command);
    while (!(inb(IDE + 7) & 0x08))
        ;
}

int main(uint32_t magic, const uint32_t *info)
{
    uint32_t *to = sector, *from = sector, count = 128;

    (void)magic;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    begin(0x20);
    __asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(IDE) : "memory");
    say("given disk %u, memory %u, %s\n", sector[0], *PLACE, (const char *)info[4]);
    sector[0] = *PLACE = 7;
    count = 128;
    begin(0x30);
    __asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(IDE) : "memory");
    begin(0x20);
    to = sector;
    count = 128;
    sector[0] = 0;
    __asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(IDE) : "memory");
    say("now disk %u, memory %u\n", sector[0], *PLACE);
    for (;;)
        sti_hlt_cli();
}
