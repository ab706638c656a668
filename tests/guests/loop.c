/*
 * loop.c - a guest that does nothing for ever.
 *
 * It proves that the hypervisor takes the processor back by itself: the guest makes no call and raises no exception, so
 * only the time-out can end it. Wrong is every other end, and an operator who waits for ever.
 */
#include "sdk.h"

int main(void)
{
    for (;;)
        __asm__ volatile("");
}
