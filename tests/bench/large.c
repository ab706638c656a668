/*
 * large.c - for launches: an image of 8 MiB with 20,000 names, which ends at once.
 */
#include "sdk.h"

__asm__(".data\n"
        "large_data: .fill 0x800000, 1, 0x5A\n"
        ".macro large_name\n"
        "large_name_\\@: .long 0\n"
        ".endm\n"
        ".rept 20000\n"
        "large_name\n"
        ".endr\n"
        ".text\n");

extern const volatile uint8_t large_data[];     /* of a section that nobody names is nothing linked */

int main(void)
{
    return large_data[0] != 0x5A;
}
