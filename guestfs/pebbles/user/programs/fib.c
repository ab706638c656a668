/*
 * fib.c - Fibonacci numbers the slow way, for something to do: fib [N].
 */
#include "number.h"
#include "pebbles.h"

static unsigned fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? number_parse(argv[1]) : 24;
    int start = get_ticks();

    if (n < 0 || n > 47) {
        print_string("fib: 0 to 47 fit in 32 bits\n");
        return 1;
    }
    unsigned value = fib((unsigned)n);
    printf("fib(%d) = %u in %d ticks\n", n, value, get_ticks() - start);
    return 0;
}
