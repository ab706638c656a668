/*
 * crowd.c - the worst look around that many guests can bring about at once: all sleep, all get a message that memory is
 * short, and each wants a place among those that are ready, in the middle of those that had theirs before it.
 *
 * One guest, with more than LARGEST_FRAMES, has the memory: it takes all but a little, runs alone for so long that none
 * of the others has credit left beyond the same short turn, and takes the rest when they sleep. The others use up
 * different parts of that turn, PART for each frame of RAM beyond 2 MiB, a thousand at most: scripts/bench gives the
 * first guest the least, the second the most, the third the second least and so on.
 *
 * Line for scripts/bench:
 *   @ crowd MESSAGES             a sleeper's: how many it had
 */
#include "sdk.h"

#define PAGE_BYTES 4096u
#define SLEEPER_FRAMES 512u
#define LARGEST_FRAMES 4096u        /* of a sleeper */
#define MS 1000000u                 /* TSC ticks: 1 GHz under instruction counting */
#define PART 900u                   /* a thousand are within the credit of a millisecond: hv/guest/sched.h */
#define TAKE_NS 1000000000ull       /* on the hypervisor's clock: all sleep by then, and have what they need */
#define ALONE_NS 2000000000ull      /* it has all but a little */
#define ALONE_MS 5u
#define SPREAD_NS 2050000000ull     /* they use up their parts from then on */
#define SHORT_NS 2900000000ull      /* all have, and sleep: a thousand take 450 ms */
#define END_NS 3100000000ull        /* every message has come */
#define LOW_PART 32u                /* memory is short below that part of all frames: hv/guest/balloon.c */
#define SPARE_FRAMES 64u
#define RAM_AT 0x400000u

static volatile uint32_t messages;

static void ignore(struct event *event)
{
    (void)event;
}

static void note_message(struct event *event)
{
    (void)event;
    messages++;
}

static struct hv_counters look(void)
{
    struct hv_counters counters;

    hv_counters(&counters, sizeof(counters));
    return counters;
}

static void sleep_until(uint64_t time_ns)
{
    hv_enable_interrupts();
    while (look().time_ns < time_ns)
        hlt();
    hv_disable_interrupts();
}

static void be_busy(uint32_t ticks)
{
    for (uint64_t start = rdtsc(); rdtsc() - start < ticks;)
        ;
}

/* Leave so many frames beyond those below which memory is short. By halves: records of its frames take some, too. */
static void take_memory(uint32_t frames)
{
    static uint32_t next = RAM_AT;
    struct hv_counters counters = look();

    while (counters.frames_free > counters.frames_total / LOW_PART + frames && next < sdk_memory_bytes()) {
        uint32_t count = (uint32_t)(counters.frames_free - counters.frames_total / LOW_PART - frames + 1) / 2;
        for (; count > 0 && next < sdk_memory_bytes(); count--, next += PAGE_BYTES)
            *(volatile uint32_t *)(uintptr_t)next = next;
        counters = look();
    }
}

static void have_memory(void)
{
    sleep_until(TAKE_NS);
    take_memory(SPARE_FRAMES);
    sleep_until(ALONE_NS);
    be_busy(ALONE_MS * MS);
    sleep_until(SHORT_NS);
    take_memory(0);
    *(volatile uint32_t *)(uintptr_t)(sdk_memory_bytes() - PAGE_BYTES) = 1;
    printf("short of memory\n");        /* which brings the look about */
    sleep_until(END_NS);
}

int main(void)
{
    uint32_t frames = sdk_launch.ebx + 1;

    event_handle(HV_SLOT_TIMER, ignore, true);
    event_handle(HV_SLOT_MESSAGE, note_message, true);
    if (frames > LARGEST_FRAMES) {
        have_memory();
        return 0;
    }
    sleep_until(SPREAD_NS);
    be_busy(PART * (frames - SLEEPER_FRAMES));
    sleep_until(END_NS);
    printf("@ crowd %u\n", messages);
    return 0;
}
