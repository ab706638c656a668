/*
 * prints.c - prints that are the most work for their length, each of the longest, behind as much as may wait.
 *
 * scripts/bench looks for the longest stretch that the hypervisor makes of them.
 */
#include "sdk.h"

#define PRINT_MOST 4096u
#define WAITING 96u             /* of a print that may wait: several in a row fill what waits, whatever its size */
#define ROUNDS 40

static char bytes[PRINT_MOST];

static void fill(const char *pattern, uint32_t length)
{
    for (uint32_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = pattern[i % length];
}

static void print_all(const char *pattern, uint32_t length)
{
    fill(pattern, length);
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t j = 0; j < ROUNDS; j++)
            hv_print(WAITING, bytes);
        hv_print(PRINT_MOST, bytes);
        hv_print_at(PRINT_MOST, bytes, 24, 79, 0x1E);
    }
}

int main(void)
{
    print_all("\n", 1);
    print_all("x\n", 2);
    print_all("x\ny\n\b", 5);
    print_all("x\r\b", 3);
    print_all("xy\b", 3);
    print_all("a letter and some more", 22);
    return 0;
}
