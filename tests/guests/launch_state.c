/*
 * launch_state.c - every register and flag at the first instruction, and what is in memory then: docs/abi.md "Launch".
 *
 * crt0.S copies the registers by MOV before anything else can change them. EFLAGS is compared whole: a stray DF would
 * run string instructions backward, a stray TF would trap, and IF must read as 1 although virtual interrupts are off.
 * That they are off shows itself: the timer slot is empty, so one delivered tick within 50 million cycles would crash.
 */
#include "test.h"

int main(void)
{
    uint64_t start = rdtsc();

    CHECK_EQUAL(sdk_launch.eax, HV_LAUNCH_EAX);
    CHECK_EQUAL(sdk_launch.ebx, (24u << 20) / 4096 - 1);
    CHECK_EQUAL(sdk_launch.ecx, HV_MAX_GVA);
    CHECK_EQUAL(sdk_launch.edx, 0);
    CHECK_EQUAL(sdk_launch.esi, 0);
    CHECK_EQUAL(sdk_launch.edi, 0);
    CHECK_EQUAL(sdk_launch.ebp, 0);
    CHECK_EQUAL(sdk_launch.esp, 0);
    CHECK_EQUAL(sdk_launch.eflags, HV_LAUNCH_EFLAGS);
    while (rdtsc() - start < 50000000)
        pause();
    return test_result();
}
