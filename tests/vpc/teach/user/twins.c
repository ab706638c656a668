/*
 * twins.c - two programs at once, between which only the timer switches.
 */
#include "user.h"

int main(const char *line)
{
    uint32_t ticks;

    (void)line;
    for (unsigned i = 0; i < 2; i++)
        if (call(CALL_SPAWN, (uint32_t)"spin", (uint32_t)"", 0, 0) == 0)
            return 1;
    ticks = call(CALL_WAIT, 0, 0, 0, 0);
    ticks += call(CALL_WAIT, 0, 0, 0, 0);
    write_number(ticks);
    write_text(" interrupts\n");
    return call(CALL_WAIT, 0, 0, 0, 0) == NONE ? 0 : 2;
}
