/*
 * hello.c - the smallest guest that says something.
 */
#include "sdk.h"

int main(void)
{
    printf("Hello from a guest kernel: %u MiB of RAM, addresses up to 0x%x.\n", sdk_memory_bytes() >> 20,
           sdk_launch.ecx);
    return 0;
}
