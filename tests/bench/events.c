/*
 * events.c - the timer tick, masked and delivered, and a page fault that the guest handles itself.
 *
 * The ticks' cost is what is missing in a loop of known length. It starts just behind a tick and lasts half a period
 * longer than the ticks it is divided by, so that it holds exactly these.
 */
#include "bench.h"

#define ROUNDS 200
#define TICKS 20
#define LOOP_INSTRUCTIONS (TICKS * TSC_TICK + TSC_TICK / 2)
#define TICK_SAMPLES 3
#define NOWHERE 0x70000000      /* not mapped, and beyond RAM when paging is off */

BENCH_LOOP(loop_empty, "")
BENCH_LOOP(loop_page_fault, "movl $2f, %%ecx; movl (%1), %%eax; 2:", "S"(NOWHERE))

static void wait_for_tick(void)
{
    uint32_t before = bench_ticks;

    hv_enable_interrupts();
    while (bench_ticks == before)
        pause();
}

static void measure_ticks(const char *name, bool delivered)
{
    struct cost samples[TICK_SAMPLES];
    uint32_t seen = 0;

    for (uint32_t i = 0; i < TICK_SAMPLES; i++) {
        wait_for_tick();
        if (!delivered)
            hv_disable_interrupts();
        seen = bench_ticks;
        samples[i] = bench_spin_stolen(LOOP_INSTRUCTIONS);
        seen = bench_ticks - seen;
        hv_disable_interrupts();
    }
    if (seen != (delivered ? TICKS : 0))
        printf("! %s: %u ticks\n", name, seen);
    bench_report(name, TICKS, samples, TICK_SAMPLES);
}

void bench_events(void)
{
    hv_setidt(14, (uint32_t)(uintptr_t)bench_resume_handler, 1);
    bench_measure("page_fault", loop_page_fault, loop_empty, ROUNDS, 1);
    hv_setidt(HV_SLOT_TIMER, (uint32_t)(uintptr_t)bench_tick_handler, 1);
    measure_ticks("tick_masked", false);
    measure_ticks("tick", true);
}
