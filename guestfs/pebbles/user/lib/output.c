/*
 * output.c - lets the SDK's print.c serve programs, too: all it asks of its surroundings is hv_print.
 */
#include "hv.h"
#include "pebbles.h"

void hv_print(int32_t length, const char *text)
{
    print(length, text);
}
