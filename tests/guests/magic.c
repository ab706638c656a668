/*
 * magic.c - the cheapest hypercall, a thousand times.
 *
 * hv_magic returns 0xC001C0DE in EAX. A call that works once but leaves something behind (a stack that creeps, a flag)
 * shows on repetition. Wrong values are counted and become the exit status.
 */
#include "test.h"

int main(void)
{
    for (unsigned i = 0; i < 1000; i++)
        CHECK_EQUAL(hv_magic(), HV_MAGIC);
    return test_result();
}
