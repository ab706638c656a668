/*
 * events.c - the timer tick, masked and delivered, and a page fault that the guest handles itself.
 *
 * The ticks' cost is what is missing in a loop of known length. It starts just behind a tick and lasts half a period
 * longer than the ticks it is divided by, so that it holds exactly these.
 */
#include "floor/floor.h"
#include "bench.h"

#define ROUNDS 200
#define TICKS 20
#define LOOP_INSTRUCTIONS (TICKS * TSC_TICK + TSC_TICK / 2)
#define TICK_SAMPLES 3
#define ERROR_WRITE 2u
#define FLAGS_FIXED 0x2u
#define FLAGS_LOOK 0xFFFFF22Au  /* of a frame: all but the arithmetic flags */
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

/* A write that faults, at *eip. */
static void write_nowhere(uint32_t *eip)
{
    __asm__ volatile("movl $1f, %0; movl $2f, %%ecx; 1: movl %%eax, (%1); 2:"
                     : "=&d"(*eip) : "S"(NOWHERE) : "ecx", "memory");
}

static void measure_floor_page_fault(void)
{
    uint32_t eip;

    if (!bench_floor_do(BENCH_FLOOR_ENTRY, (uint32_t)(uintptr_t)bench_floor_seen_resume) ||
        !bench_floor_do(BENCH_FLOOR_REFLECT, 0))
        return;
    write_nowhere(&eip);
    bench_floor_expect(bench_frame[0] == NOWHERE && bench_frame[1] == ERROR_WRITE && bench_frame[2] == eip &&
                       bench_frame[3] == HV_MODE_KERNEL && (bench_frame[4] & FLAGS_LOOK) == FLAGS_FIXED, "page_fault");
    bench_floor_do(BENCH_FLOOR_ENTRY, (uint32_t)(uintptr_t)bench_floor_resume_handler);
    bench_measure("floor_page_fault", loop_page_fault, loop_empty, ROUNDS, 1);
    bench_floor_do(BENCH_FLOOR_OFF, 0);
}

/* Both start just behind a tick, as above. */
static void measure_floor_ticks(const char *name, bool delivered)
{
    struct cost samples[TICK_SAMPLES];
    uint32_t taken = 0, seen = 0;

    if (!bench_floor_do(BENCH_FLOOR_ENTRY, (uint32_t)(uintptr_t)bench_floor_tick_handler))
        return;
    for (uint32_t i = 0; i < TICK_SAMPLES; i++) {
        if (!bench_floor_do(BENCH_FLOOR_TICK, delivered))
            return;
        while (bench_floor_ticks() == 0)
            pause();
        taken = bench_floor_ticks();
        seen = bench_ticks;
        samples[i] = bench_spin_stolen(LOOP_INSTRUCTIONS);
        seen = bench_ticks - seen;
        taken = bench_floor_ticks() - taken;
        bench_floor_do(BENCH_FLOOR_OFF, 0);
        bench_floor_expect(taken == TICKS && seen == (delivered ? TICKS : 0) && samples[i].traps == 0, name);
    }
    bench_report(name, TICKS, samples, TICK_SAMPLES);
}

void bench_events(void)
{
    hv_setidt(14, (uint32_t)(uintptr_t)bench_resume_handler, 1);
    bench_measure("page_fault", loop_page_fault, loop_empty, ROUNDS, 1);
    measure_floor_page_fault();
    hv_setidt(HV_SLOT_TIMER, (uint32_t)(uintptr_t)bench_tick_handler, 1);
    measure_ticks("tick_masked", false);
    measure_ticks("tick", true);
    measure_floor_ticks("floor_tick_masked", false);
    measure_floor_ticks("floor_tick", true);
}
