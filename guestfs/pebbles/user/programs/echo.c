/*
 * echo.c - prints its arguments.
 */
#include "pebbles.h"

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("%s%s", i > 1 ? " " : "", argv[i]);
    print_string("\n");
    return 0;
}
