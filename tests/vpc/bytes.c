/*
 * bytes.c - what no row of a console shows: it sends each byte there is, CR, empty rows, blanks at a row's end,
 * thousands of bytes by one instruction, without and with FIFOs, and a last row that does not end.
 */
#include "lib/interrupts.h"

#define VALUES 256u
#define MANY 10000u

static uint8_t stack0[4096];
static uint8_t bytes[MANY];

static void send_at_once(uint32_t count)
{
    const uint8_t *from = bytes;

    __asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(COM1) : "memory");
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    for (unsigned i = 0; i < MANY; i++)
        bytes[i] = (uint8_t)(i * 7 ^ i >> 8);
    for (unsigned i = 0; i < VALUES; i++)
        put_character((char)i);
    say("\r\n\n\nblanks   \r\n \n\ttab\b\b\n\r\r");
    send_at_once(MANY);
    outb(COM1 + 2, 0xC7);
    send_at_once(VALUES + 1);
    outb(COM1 + 2, 0);
    say("\n\nthe end");
    return 42;
}
