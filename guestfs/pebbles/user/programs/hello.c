/*
 * hello.c - the smallest program.
 */
#include "pebbles.h"

int main(void)
{
    printf("Hello from thread %d.\n", gettid());
    return 0;
}
