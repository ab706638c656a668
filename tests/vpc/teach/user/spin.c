/*
 * spin.c - calls nobody until interrupts have come three times, with the same in all registers each time round.
 */
#include "user.h"

#define TICKS 3u

/* All registers but the stack's are counted up together, round after round; they must stay as far apart as they are. */
static bool spin(void)
{
    uint32_t a = 1, b = 2, c = 3, d = 4, s = 5, t = 2000000;

    __asm__ volatile("1: incl %0; incl %1; incl %2; incl %3; incl %4; decl %5; jnz 1b"
                     : "+a"(a), "+b"(b), "+c"(c), "+d"(d), "+S"(s), "+D"(t));
    return a == 2000001 && b == a + 1 && c == b + 1 && d == c + 1 && s == d + 1;
}

int main(const char *line)
{
    (void)line;
    while (call(CALL_TICKS, 0, 0, 0, 0) < TICKS)
        if (!spin())
            return 9;
    return TICKS;
}
