/*
 * scale.c - what many guests cost: with RAM of 2 MiB a guest that sleeps from tick to tick, with more one that watches.
 *
 * The watcher sleeps, too, until all others do, whose launches so are all that the machine does till then. Then it is
 * busy for WATCH_MS: what it misses of them is what the others' ticks took, and looks at them. When all began is told
 * only then.
 *
 * Lines for scripts/bench, in TSC ticks:
 *   @ began HIGH LOW                     a guest's first instruction
 *   @ watched MISSED TOTAL FREE          of the watch, and the frames that were free
 */
#include "sdk.h"

#define SLEEPER_FRAMES 512u
#define MS 1000000u                     /* TSC ticks: 1 GHz under instruction counting */
#define WATCH_MS 500u
#define START_NS 2000000000u            /* on the hypervisor's clock: all sleep by then */
#define TICKS 300u                      /* that a sleeper sleeps for: until the watch is over */
#define GAP_LEAST 400u                  /* more than a tick of the watcher's own and BUSY_LOOPS take */
#define BUSY_LOOPS 40u

static volatile uint32_t ticks;

static void tick_handler(struct event *event)
{
    (void)event;
    ticks++;
}

static void sleep_until(uint32_t enough)
{
    event_handle(HV_SLOT_TIMER, tick_handler, true);
    hv_enable_interrupts();
    while (ticks < enough)
        hlt();
    hv_disable_interrupts();
}

static uint64_t time_ns(struct hv_counters *counters)
{
    hv_counters(counters, sizeof(*counters));
    return counters->time_ns;
}

static void watch(void)
{
    struct hv_counters counters;
    uint64_t missed = 0, start, last, now;

    while (time_ns(&counters) < START_NS)
        sleep_until(ticks + 1);
    for (start = last = now = rdtsc(); now - start < (uint64_t)WATCH_MS * MS; last = now) {
        for (uint32_t i = 0; i < BUSY_LOOPS; i++)
            __asm__ volatile("");
        now = rdtsc();
        missed += now - last < GAP_LEAST ? 0 : now - last;
    }
    printf("@ watched %u %u %u\n", (uint32_t)missed, (uint32_t)(now - start), (uint32_t)counters.frames_free);
}

int main(void)
{
    uint64_t began = rdtsc();

    if (sdk_launch.ebx + 1 == SLEEPER_FRAMES)
        sleep_until(TICKS);
    else
        watch();
    printf("@ began %u %u\n", (uint32_t)(began >> 32), (uint32_t)began);
    return 0;
}
