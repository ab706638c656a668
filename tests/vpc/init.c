/*
 * init.c - sends its own processor an INIT, which on a PC makes the firmware start the machine anew: nothing comes
 * behind it.
 */
#include "lib/interrupts.h"

int main(uint32_t magic, const uint32_t *info)
{
    volatile uint32_t *apic = (volatile uint32_t *)0xFEE00000;

    (void)magic, (void)info;
    apic[0xF0 / 4] = 0x1FF;
    apic[0x310 / 4] = apic[0x20 / 4];
    apic[0x300 / 4] = 0x8500;           /* level, not asserted: nothing */
    say("goes on\n");
    apic[0x300 / 4] = 0x4500;
    for (volatile unsigned i = 0; i < 1000000; i++)
        ;
    say("FAILED: still here\n");
    return 1;
}
