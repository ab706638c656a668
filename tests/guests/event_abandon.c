/*
 * event_abandon.c - handlers that do not come back.
 *
 * A handler may throw its frame away and go on elsewhere: nothing in the hypervisor may count on a return. "jump": a
 * tick handler abandons its frame two hundred times, unmasking by the call; ticks must keep coming. "never": a handler
 * that spins for ever with interrupts masked must be ended by the time-out, and only by that.
 */
#include "test.h"

uint32_t abandoned_count, abandon_esp;
extern uint8_t abandon_entry[], abandon_back[];

static void spin_handler(struct event *event)
{
    (void)event;
    for (;;)
        pause();
}

CASE(jump)
{
    hv_setidt(HV_SLOT_TIMER, (uint32_t)(uintptr_t)abandon_entry, 1);
    __asm__ volatile("movl %%esp, abandon_esp\n"
                     "abandon_back: movl $5, %%eax; int $0xDE\n"
                     "1: cmpl $200, abandoned_count; jb 1b\n"
                     "movl $4, %%eax; int $0xDE\n"
                     "jmp 2f\n"
                     "abandon_entry: incl abandoned_count; movl abandon_esp, %%esp\n"
                     "cmpl $200, abandoned_count; jb abandon_back\n"
                     "2:\n"
                     ".globl abandon_entry, abandon_back" : : : "eax", "memory", "cc");
    CHECK_EQUAL(abandoned_count, 200);
    CHECK_EQUAL(hv_magic(), HV_MAGIC);
}

CASE(never)
{
    event_handle(HV_SLOT_TIMER, spin_handler, true);
    hv_enable_interrupts();
    for (;;)
        pause();
}

int main(void)
{
    test_case();
    return test_result();
}
