/*
 * event_rate.c - ticks come evenly: measured against the TSC, in windows of some ticks.
 *
 * The guest does not know the TSC's frequency, so it compares windows with their median. How even they are depends on
 * the host of an emulator, too. So shown only prints them and ends when all 300 ticks have come (3 s by the operator's
 * clock); even judges them, where instructions are counted and seconds are long: tests/system/latency_tests.py runs it.
 */
#include "ticks.h"

#define WINDOWS_MOST 30
#define UNEVEN 100u             /* one part in so many */

static uint32_t windows[WINDOWS_MOST];

static void windows_sort(uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t k = i; k > 0 && windows[k - 1] > windows[k]; k--) {
            uint32_t swap = windows[k];
            windows[k] = windows[k - 1];
            windows[k - 1] = swap;
        }
    }
}

/* The windows in order of length; returns their median. */
static uint32_t windows_measure(uint32_t count, uint32_t ticks)
{
    ticks_start();
    hv_enable_interrupts();
    tick_wait();
    for (uint32_t i = 0; i < count; i++) {
        uint64_t start = rdtsc();
        for (uint32_t tick = 0; tick < ticks; tick++)
            tick_wait();
        windows[i] = divide_u64(rdtsc() - start, 1024);
    }
    hv_disable_interrupts();
    windows_sort(count);
    uint32_t median = windows[count / 2];
    printf("%u ticks in 1024 cycles: least %u, median %u, most %u\n", ticks, windows[0], median, windows[count - 1]);
    return median;
}

CASE(shown)
{
    CHECK(windows_measure(WINDOWS_MOST, 10) > 0);
    CHECK(tick_count >= 10 * WINDOWS_MOST);
}

CASE(even)
{
    uint32_t median = windows_measure(5, 4);

    CHECK(windows[0] >= median - median / UNEVEN);
    CHECK(windows[4] <= median + median / UNEVEN);
}

int main(void)
{
    test_case();
    return test_result();
}
