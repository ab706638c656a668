/*
 * event_masks.c - the virtual interrupt flag, and ticks that wait for it.
 *
 * Off at launch. While it is off nothing is delivered, and ticks coalesce: after ten tick lengths exactly one comes,
 * at once, when it is put on. Inside a handler it is off and the frame remembers it on; returning puts it on again. The
 * two calls do not nest. PUSHF shows IF = 1 all the time. HLT with the flag on waits for a tick.
 */
#include "ticks.h"

static uint32_t handler_depth, int_flag;

#define SLOW_TICKS 5

/* Slow only a few times: the next tick is pending when it returns, and the code below would never run. */
static void slow_handler(struct event *event)
{
    CHECK_EQUAL(handler_depth, 0);
    handler_depth++;
    CHECK_EQUAL(event->eflags & EFLAGS_IF, EFLAGS_IF);
    CHECK_EQUAL(eflags_read() & EFLAGS_IF, EFLAGS_IF);
    if (tick_count < SLOW_TICKS)
        ticks_spin(3);
    tick_count++;
    handler_depth--;
}

static void int_handler(struct event *event)
{
    int_flag = event->eflags & EFLAGS_IF;
    ticks_spin(3);
}

static void coalesce_check(void)
{
    uint32_t at_once = 0;

    /* A new tick may fall right into the enabling, or the host may stall there; not five times in a row. */
    for (uint32_t attempt = 0; attempt < 5 && at_once != 1; attempt++) {
        tick_count = 0;
        ticks_spin(10);
        CHECK_EQUAL(tick_count, 0);
        CHECK_EQUAL(eflags_read() & EFLAGS_IF, EFLAGS_IF);
        hv_enable_interrupts();
        at_once = tick_count;
        hv_disable_interrupts();
    }
    CHECK_EQUAL(at_once, 1);
}

static void nesting_check(void)
{
    hv_disable_interrupts();
    hv_disable_interrupts();
    hv_enable_interrupts();
    tick_wait();
    hv_enable_interrupts();
    hv_disable_interrupts();
    tick_count = 0;
    ticks_spin(3);
    CHECK_EQUAL(tick_count, 0);
}

/* INT masks too, and gives back the flag it found. */
static void int_check(void)
{
    event_handle(0x80, int_handler, true);
    tick_count = 0;
    __asm__ volatile("int $0x80" : : : "memory");
    CHECK_EQUAL(int_flag, 0);
    CHECK_EQUAL(tick_count, 0);
    hv_enable_interrupts();
    tick_count = 0;
    __asm__ volatile("int $0x80" : : : "memory");
    CHECK_EQUAL(int_flag, EFLAGS_IF);
    CHECK(tick_count > 0);
    hv_disable_interrupts();
}

int main(void)
{
    ticks_start();
    coalesce_check();
    nesting_check();
    int_check();

    event_handle(HV_SLOT_TIMER, slow_handler, true);
    tick_count = 0;
    hv_enable_interrupts();
    while (tick_count < SLOW_TICKS)
        pause();
    event_handle(HV_SLOT_TIMER, tick_handler, true);
    tick_count = 0;
    for (uint32_t i = 0; i < 10; i++)
        hlt();
    CHECK(tick_count >= 10);
    hv_disable_interrupts();
    return test_result();
}
