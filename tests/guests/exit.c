/*
 * exit.c - the status given to hv_exit reaches the operator as it is.
 *
 * All 32 bits count and the sign is kept; the manifest says what must arrive. 0xDEADC0DE as a guest's own status is
 * an ordinary number. Wrong is a status that was cut to 8 bits, or lost its sign, or a guest that goes on.
 */
#include "test.h"

CASE(zero)
{
    hv_exit(0);
}

CASE(one)
{
    hv_exit(1);
}

CASE(minus_ten)
{
    hv_exit(-10);
}

CASE(minus_one)
{
    hv_exit(-1);
}

CASE(largest)
{
    hv_exit(INT32_MAX);
}

CASE(smallest)
{
    hv_exit(INT32_MIN);
}

CASE(wide)
{
    hv_exit(0x100);
}

CASE(like_a_crash)
{
    hv_exit((int32_t)HV_STATUS_CRASH);
}

CASE(from_main)
{
}

int main(void)
{
    test_case();
    return 5;
}
