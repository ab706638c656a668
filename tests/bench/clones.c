/*
 * clones.c - what a copy of a guest costs: in instructions, in the time of others, and in memory.
 *
 *   RAM      what it does
 *   2 MiB    looks at the clock from WATCH_AT_MS on, and notes the longest time in which it did not run
 *   300 MiB  copies itself with little memory touched and with much, and writes to frames that it shares
 *   24 MiB   in a boot of its own: boots Pebbles, launches eight more, copies it 64 times, and counts frames of the
 *            machine
 *
 * Lines for scripts/bench, instructions by the TSC, the least of several samples:
 *   @ clone FRAMES INSTRUCTIONS          a copy of a guest that had touched so many frames
 *   @ clones NAME INSTRUCTIONS           of one write, of the watcher's longest gap, or of a launch of Pebbles
 *   @ launched FRAMES COUNT              the machine's frames for so many more Pebbles, each at its prompt
 *   @ memory FRAMES OWN_KIB COPIES       the machine's frames for so many copies, and what these have of their own
 */
#include "sdk.h"

#define PAGE_BYTES 4096u
#define MS 1000000u                     /* TSC ticks: 1 GHz under instruction counting */
#define SAMPLES 3u
#define PAGES 256u                      /* that are written, of one table */
#define PAGES_AT 0x400000u
#define TOUCH_AT 0x800000u
#define TOUCH_BYTES 0x10000000u
#define WATCH_AT_MS 2000u
#define CLONE_AT_MS 2100u               /* the one that is watched */
#define WATCH_END_MS 2300u
#define RECLAIM_MS 40u
#define COPIES 64u
#define MORE 8u                         /* Pebbles beside the first */
#define BOOTED_MS 500u                  /* after its prompt Pebbles has nothing more to do */

static uint64_t start;

static void ignore(struct event *event)
{
    (void)event;
}

static void sleep_until(uint64_t time)
{
    while (rdtsc() < time)
        hlt();
}

static void sleep_ms(uint32_t milliseconds)
{
    sleep_until(rdtsc() + (uint64_t)milliseconds * MS);
}

static void begin(void)
{
    start = rdtsc();
    event_handle(HV_SLOT_TIMER, ignore, true);
    event_handle(HV_SLOT_CHILD, ignore, true);
    hv_enable_interrupts();
}

static struct hv_child state_of(uint32_t id)
{
    static struct hv_child child;

    (void)hv_state(id, HV_STATE_CHILD, &child, sizeof(child));
    return child;
}

static uint32_t clone_paused(uint32_t id)
{
    int32_t copy = hv_clone(id, HV_CLONE_PAUSED);

    if (copy <= 0 || state_of((uint32_t)copy).end != HV_END_NONE)
        hv_exit(2);
    return (uint32_t)copy;
}

static void forget(uint32_t id)
{
    (void)hv_signal(id, HV_SIGNAL_FORGET);
    sleep_ms(RECLAIM_MS);
}

/* Beside an older copy, as when many are made: the machine then counts owners already. */
static void time_clones(void)
{
    uint32_t older = clone_paused(0), least = ~0u, frames = state_of(0).touched_kib * 1024 / PAGE_BYTES;

    for (uint32_t i = 0; i < SAMPLES; i++) {
        sleep_ms(20);
        uint64_t begun = rdtsc();
        int32_t copy = hv_clone(0, HV_CLONE_PAUSED);
        uint32_t took = (uint32_t)(rdtsc() - begun);
        least = took < least ? took : least;
        forget((uint32_t)copy);
    }
    printf("@ clone %u %u\n", frames, least);
    forget(older);
}

static volatile uint32_t *page(uint32_t number)
{
    return (volatile uint32_t *)(uintptr_t)(PAGES_AT + number * PAGE_BYTES);
}

static uint32_t time_stores(void)
{
    uint64_t begun = rdtsc();

    for (uint32_t i = 0; i < PAGES; i++)
        *page(i) = i;
    return (uint32_t)(rdtsc() - begun);
}

/* Pages that are in the tables and can be read. is_last: the copy is gone, and the frame need not be copied. */
static void time_writes(const char *name, bool is_last)
{
    uint32_t least = ~0u;

    (void)time_stores();
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint32_t copy = clone_paused(0);
        if (is_last)
            forget(copy);
        for (uint32_t j = 0; j < PAGES; j++)
            (void)*page(j);
        sleep_ms(20);
        uint32_t took = time_stores();
        took -= time_stores();
        least = took < least ? took : least;
        if (!is_last)
            forget(copy);
    }
    printf("@ clones %s %u\n", name, (least + PAGES / 2) / PAGES);
}

static void copy_itself(void)
{
    time_clones();
    time_writes("write_copied", false);
    time_writes("write_last", true);
    for (uint32_t at = TOUCH_AT; at < TOUCH_AT + TOUCH_BYTES; at += PAGE_BYTES)
        *(volatile uint32_t *)(uintptr_t)at = at;
    if (rdtsc() > start + CLONE_AT_MS * MS)
        hv_exit(3);
    sleep_until(start + CLONE_AT_MS * MS);
    forget(clone_paused(0));
    sleep_until(start + (uint64_t)(WATCH_END_MS + 10) * MS);
    time_clones();
}

static void watch(void)
{
    uint32_t longest = 0;

    sleep_until(start + WATCH_AT_MS * MS);
    hv_disable_interrupts();
    for (uint64_t last = rdtsc(), now; last < start + (uint64_t)WATCH_END_MS * MS; last = now) {
        now = rdtsc();
        if (now > start + CLONE_AT_MS * MS && now - last > longest)
            longest = (uint32_t)(now - last);
    }
    printf("@ clones stretch %u\n", longest);
}

static bool shows_prompt(uint32_t id)
{
    static struct hv_console console;

    if (hv_state(id, HV_STATE_CONSOLE, &console, sizeof(console)) != sizeof(console) || console.column == 0)
        return false;
    return (console.cells[console.row][0] & 0xFF) == 'p' && (console.cells[console.row][7] & 0xFF) == '$';
}

static uint32_t frames_free(void)
{
    static struct hv_counters counters;

    hv_counters(&counters, sizeof(counters));
    return (uint32_t)counters.frames_free;
}

static void tell_memory(uint32_t before, const uint32_t *copies)
{
    uint32_t own_kib = 0, frames = before - frames_free();

    for (uint32_t i = 0; i < COPIES; i++) {
        struct hv_child child = state_of(copies[i]);
        own_kib += child.touched_kib - child.shared_kib;
    }
    printf("@ memory %u %u %u\n", frames, own_kib, COPIES);
}

/* Pebbles is launched: what that takes is the caller's time, as if it had run so long. */
static uint32_t launch_pebbles(uint32_t *took)
{
    struct hv_start pebbles = { .name = (uint32_t)(uintptr_t)"pebbles" };

    sleep_ms(20);
    uint64_t ran_ns = state_of(0).run_ns;
    uint32_t id = (uint32_t)hv_start(&pebbles, sizeof(pebbles));
    *took = (uint32_t)(state_of(0).run_ns - ran_ns);
    while (!shows_prompt(id))
        hlt();
    sleep_ms(BOOTED_MS);
    return id;
}

/* Beside a Pebbles that was launched and booted: the second, which has counts of owners made, and those after it. */
static void launch_more(void)
{
    uint32_t ids[MORE], took, before = frames_free(), second;

    ids[0] = launch_pebbles(&took);
    second = frames_free();
    printf("@ clones launch_second %u\n@ launched %u 1\n", took, before - second);
    for (uint32_t i = 1; i < MORE; i++)
        ids[i] = launch_pebbles(&took);
    printf("@ clones launch_ninth %u\n@ launched %u %u\n", took, second - frames_free(), MORE - 1);
    for (uint32_t i = 0; i < MORE; i++)
        forget(ids[i]);
}

/* Pebbles itself stands still. The copies do first, too; then all wait at the prompt. */
static void copy_pebbles(void)
{
    static uint32_t copies[COPIES];
    uint32_t took, id = launch_pebbles(&took);

    printf("@ clones launch_first %u\n", took);
    launch_more();
    (void)hv_signal(id, HV_SIGNAL_PAUSE);
    forget(clone_paused(id));               /* what the machine has for copies at all */
    uint32_t before = frames_free();
    for (uint32_t i = 0; i < COPIES; i++)
        copies[i] = clone_paused(id);
    sleep_ms(RECLAIM_MS);
    tell_memory(before, copies);
    for (uint32_t i = 0; i < COPIES; i++)
        (void)hv_signal(copies[i], HV_SIGNAL_RESUME);
    sleep_ms(BOOTED_MS);
    tell_memory(before, copies);
}

int main(void)
{
    uint32_t mebibytes = sdk_memory_bytes() >> 20;

    begin();
    if (mebibytes == 2)
        watch();
    else if (mebibytes == 24)
        copy_pebbles();
    else
        copy_itself();
    return 0;
}
