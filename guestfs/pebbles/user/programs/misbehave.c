/*
 * misbehave.c - how the scheduler chooses from now on: misbehave 0 (in turn), 1 (children first), 2 (by lot).
 */
#include "number.h"
#include "pebbles.h"

int main(int argc, char **argv)
{
    int mode = argc > 1 ? number_parse(argv[1]) : PEBBLES_MISBEHAVE_NONE;
    int before = misbehave(mode);

    if (before < 0) {
        print_string("misbehave: 0 in turn, 1 children first, 2 by lot\n");
        return 1;
    }
    printf("scheduler: %d, was %d\n", mode, before);
    return 0;
}
