/*
 * int_vectors.c - proves: of the 256 INT n, only system calls, INT3 and INTO do something for a program; any other is
 * a general protection fault of its own.
 */
#include "catch.h"
#include "check.h"

#define GENERAL_PROTECTION 13

static bool is_call(int vector)
{
    switch (vector) {
#define X(number, NAME, name, words) case number:
    PEBBLES_CALLS(X)
#undef X
        return true;
    default:
        return false;
    }
}

static void run_code(void *code)
{
    ((void (*)(void))(uintptr_t)code)();
}

int main(void)
{
    static uint8_t code[3] = { 0xCD, 0, 0xC3 };     /* int n; ret */

    for (int vector = 0; vector < 256; vector++) {
        if (is_call(vector))
            continue;
        ureg_t ureg;
        int expected = vector == 3 || vector == 4 ? vector : GENERAL_PROTECTION;
        *(volatile uint8_t *)&code[1] = (uint8_t)vector;
        if (!CHECK_EQUAL(catch_exception(run_code, code, &ureg), expected))
            printf("... by INT 0x%x\n", vector);
        else if (expected == GENERAL_PROTECTION)
            CHECK_EQUAL(ureg.error_code, vector * 8 + 2);
    }
    return check_result();
}
