/*
 * event_rate.c - ticks come evenly: measured against the TSC, in thirty windows of ten ticks.
 *
 * The guest does not know the TSC's frequency, so it compares windows with their median. A window may be longer (ticks
 * of a busy host coalesce), but none may be much shorter: lost ticks are not made up for in a burst. At least half of
 * the windows must lie within 10 % of the median. The figures are printed; the operator's clock can check the length
 * (300 ticks take 3 s).
 */
#include "ticks.h"

#define WINDOWS 30

static uint32_t windows[WINDOWS];

static void windows_sort(void)
{
    for (uint32_t i = 1; i < WINDOWS; i++) {
        for (uint32_t k = i; k > 0 && windows[k - 1] > windows[k]; k--) {
            uint32_t swap = windows[k];
            windows[k] = windows[k - 1];
            windows[k - 1] = swap;
        }
    }
}

int main(void)
{
    uint32_t close = 0;

    ticks_start();
    hv_enable_interrupts();
    tick_wait();
    for (uint32_t i = 0; i < WINDOWS; i++) {
        uint64_t start = rdtsc();
        for (uint32_t tick = 0; tick < 10; tick++)
            tick_wait();
        windows[i] = divide_u64(rdtsc() - start, 1024);
    }
    hv_disable_interrupts();
    windows_sort();
    uint32_t median = windows[WINDOWS / 2];
    for (uint32_t i = 0; i < WINDOWS; i++)
        close += windows[i] >= median - median / 10 && windows[i] <= median + median / 10;
    printf("ten ticks in 1024 cycles: least %u, median %u, most %u\n", windows[0], median, windows[WINDOWS - 1]);
    CHECK(windows[0] >= median - median / 4);
    CHECK(close >= WINDOWS / 2);
    return test_result();
}
