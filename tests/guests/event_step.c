/*
 * event_step.c - TF: the guest single-steps itself.
 *
 * TF is put on by POPF and the handler leaves it on in the frame: each instruction then raises one #DB, with EIP behind
 * it. Inside the handler TF is off, or it would step through itself and never end. Ten NOPs must give ten events, each
 * one byte further; hv_iret with TF set must load it.
 */
#include "test.h"

#define STEPS 10

static uint32_t eips[STEPS + 2], count;
extern const uint8_t steps_start[];

static void handler(struct event *event)
{
    CHECK_EQUAL(eflags_read() & EFLAGS_TF, 0);
    CHECK_EQUAL(event->eflags & EFLAGS_TF, EFLAGS_TF);
    eips[count++] = event->eip;
    if (count >= STEPS)
        event->eflags &= ~EFLAGS_TF;
}

int main(void)
{
    event_handle(1, handler, true);
    __asm__ volatile("pushfl; orl $0x100, (%%esp); popfl\n"
                     ".globl steps_start\n"
                     "steps_start: .rept 12; nop; .endr" : : : "memory", "cc");
    CHECK_EQUAL(count, STEPS);
    for (uint32_t i = 0; i < STEPS; i++)
        CHECK_EQUAL(eips[i], steps_start + 1 + i);
    return test_result();
}
