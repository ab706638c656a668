/*
 * crash.c - dies of an exception of your choice: crash [HOW], see crash().
 */
#include "pebbles.h"

/* The compiler must not see that this has no end. */
static __attribute__((noinline)) int overflow(int depth)
{
    volatile char room[256];

    room[depth & 255] = 1;
    return depth < 0 ? 0 : overflow(depth + 1) + room[depth & 255];
}

/* Pages between the stack and where it should grow. */
static void obstructed(void)
{
    new_pages(main_stack_low - PEBBLES_PAGE_BYTES, PEBBLES_PAGE_BYTES);
    overflow(0);
}

static void crash(const char *how)
{
    if (strcmp(how, "kernel") == 0)
        *(volatile int *)0x100000 = 1;
    else if (strcmp(how, "divide") == 0)
        __asm__ volatile("divl %%ecx" : : "a"(1), "d"(0), "c"(0));
    else if (strcmp(how, "stack") == 0)
        overflow(0);
    else if (strcmp(how, "halt") == 0)
        __asm__ volatile("hlt");
    else if (strcmp(how, "hypercall") == 0)
        __asm__ volatile("int $0xDE");
    else if (strcmp(how, "obstructed") == 0)
        obstructed();
    else if (strcmp(how, "call") == 0)
        __asm__ volatile("int $0x43");
    else if (strcmp(how, "jump") == 0)
        ((void (*)(void))0xFFFF0000)();
    else
        *(volatile int *)4 = 1;
}

int main(int argc, char **argv)
{
    crash(argc > 1 ? argv[1] : "null");
    print_string("crash: still there\n");
    return 1;
}
