/*
 * status.c - ends with the status it is told: status [N].
 */
#include "number.h"
#include "pebbles.h"

int main(int argc, char **argv)
{
    return argc > 1 ? number_parse(argv[1]) : 0;
}
