/*
 * snooze.c - sleeps for N seconds, for the background: snooze [N] &.
 */
#include "number.h"
#include "pebbles.h"

int main(int argc, char **argv)
{
    return sleep((argc > 1 ? number_parse(argv[1]) : 1) * (1000 / PEBBLES_TICK_MS)) < 0;
}
