/*
 * primes.c - how many primes there are below N, by a sieve in memory from new_pages: primes [N].
 */
#include "number.h"
#include "pebbles.h"

#define SIEVE ((uint8_t *)0x40000000)   /* of each number whether it is known to be composite */
#define LIMIT_MAX 10000000

static int sieve(int limit)
{
    int count = 0;

    for (int n = 2; n < limit; n++) {
        if (SIEVE[n] != 0)
            continue;
        count++;
        for (int multiple = n; multiple < limit - n;)
            SIEVE[multiple += n] = 1;
    }
    return count;
}

int main(int argc, char **argv)
{
    int limit = argc > 1 ? number_parse(argv[1]) : 100000;

    if (limit < 1 || limit > LIMIT_MAX) {
        printf("primes: from 1 to %d\n", LIMIT_MAX);
        return 1;
    }
    int bytes = (int)((limit + PEBBLES_PAGE_BYTES - 1) & ~(PEBBLES_PAGE_BYTES - 1));
    if (new_pages(SIEVE, bytes) < 0) {
        print_string("primes: no memory\n");
        return 1;
    }
    printf("%d primes below %d\n", sieve(limit), limit);
    return 0;
}
