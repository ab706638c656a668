/*
 * triple.c - a breakpoint without an interrupt table: its #GP has no handler, nor has the double fault.
 */
#include "lib/pc.h"

int main(uint32_t magic, const uint32_t *info)
{
    static const struct { uint16_t limit; uint32_t base; } __attribute__((packed)) none;

    (void)magic, (void)info;
    say("goes down\n");
    __asm__ volatile("lidt %0; int3" : : "m"(none));
    say("FAILED: still here\n");
    return 1;
}
