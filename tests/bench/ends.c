/*
 * ends.c - how long nobody else runs when guests with much memory end: one guest, with 2 MiB of
 * RAM, does nothing but look at the clock, and notes when it jumped. The others do their work, tell, sleep until the
 * watcher is alone, and end; when each begins is such that they are not in each other's way.
 *
 *   RAM      what it does
 *   2 MiB    watches
 *   32 MiB   has all the directories and tables that the hypervisor keeps shadows for
 *   more     touches all of its RAM if that is an odd number of MiB, else nothing
 *
 * Lines for scripts/bench, times by the TSC, hexadecimal:
 *   @ work NAME BEGUN DONE       it did it all, and will end
 *   ~ (LEFT LENGTH)...           jumps of the watcher's clock
 */
#include "sdk.h"

#define PAGE_BYTES 4096u
#define MS 1000000u                     /* TSC ticks: 1 GHz under instruction counting */
#define WATCH_MS 3000u
#define NOTHING_MS 50u                  /* when the one that touches nothing ends */
#define DIRECTORIES_MS 120u             /* when the one with directories begins */
#define TOUCH_MS 700u
#define ALONE_MS 30u                    /* the watcher has been alone for so long then */
#define JUMP_LEAST 20000u
#define JUMPS_MAX 4096u
#define JUMPS_PER_LINE 4u

#define TABLE_ENTRIES 1024u
#define FULL 7u                         /* P, W, U */
#define DIRECTORIES 64u
#define TABLES 240u
#define FIRST_SLOT 16u                  /* above the tables that show RAM one to one */
#define FRAMES_AT 0x200000u

static uint64_t start;

static void ignore(struct event *event)
{
    (void)event;
}

static void sleep_until(uint64_t time)
{
    event_handle(HV_SLOT_TIMER, ignore, true);
    hv_enable_interrupts();
    while (rdtsc() < time)
        hlt();
    hv_disable_interrupts();
}

static void watch(void)
{
    static struct {
        uint64_t left;
        uint32_t length;
    } jumps[JUMPS_MAX];
    uint32_t count = 0;

    for (uint64_t last = start, now; last < start + (uint64_t)WATCH_MS * MS && count < JUMPS_MAX; last = now) {
        now = rdtsc();
        if (now - last < JUMP_LEAST)
            continue;
        jumps[count].left = last;
        jumps[count++].length = (uint32_t)(now - last);
        now = rdtsc();
    }
    for (uint32_t i = 0; i < count; i++)
        printf("%s%x%08x %x%s", i % JUMPS_PER_LINE ? " " : "~ ", (uint32_t)(jumps[i].left >> 32),
               (uint32_t)jumps[i].left, jumps[i].length,
               i % JUMPS_PER_LINE == JUMPS_PER_LINE - 1 || i == count - 1 ? "\n" : "");
}

static void touch_all(void)
{
    for (uint32_t at = 0; at < sdk_memory_bytes(); at += PAGE_BYTES)
        *(volatile uint8_t *)(uintptr_t)at = *(volatile uint8_t *)(uintptr_t)at;
}

static volatile uint32_t *words(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

static uint32_t take_frame(void)
{
    static uint32_t next = FRAMES_AT;

    next += PAGE_BYTES;
    return next - PAGE_BYTES;
}

/* Each table hangs at another place in each directory, and is used there. */
static void use_directories(void)
{
    static uint32_t tables[TABLES], ram_tables[FIRST_SLOT];
    uint32_t ram_slots = sdk_memory_bytes() / (TABLE_ENTRIES * PAGE_BYTES);

    for (uint32_t i = 0; i < ram_slots + TABLES; i++) {
        uint32_t table = take_frame();
        *(i < ram_slots ? &ram_tables[i] : &tables[i - ram_slots]) = table;
        for (uint32_t j = 0; j < TABLE_ENTRIES; j++)
            words(table)[j] = (i * TABLE_ENTRIES + j) * PAGE_BYTES % sdk_memory_bytes() | FULL;
    }
    for (uint32_t i = 0; i < DIRECTORIES; i++) {
        uint32_t directory = take_frame();
        for (uint32_t j = 0; j < ram_slots; j++)
            words(directory)[j] = ram_tables[j] | FULL;
        for (uint32_t j = 0; j < TABLES; j++)
            words(directory)[FIRST_SLOT + (i + j) % TABLES] = tables[j] | FULL;
        hv_setpd(directory, 1);
        for (uint32_t j = 0; j < TABLES; j++) {
            (void)*words((FIRST_SLOT + j) * TABLE_ENTRIES * PAGE_BYTES);
            (void)*words((FIRST_SLOT + j) * TABLE_ENTRIES * PAGE_BYTES + TABLE_ENTRIES / 2 * PAGE_BYTES);
        }
    }
}

static void work(const char *name, uint32_t begin_ms, void (*work)(void))
{
    uint64_t begun = start + (uint64_t)begin_ms * MS;

    sleep_until(begun);
    if (work)
        work();
    uint64_t done = rdtsc();
    printf("@ work %s %x%08x %x%08x\n", name, (uint32_t)(begun >> 32), (uint32_t)begun, (uint32_t)(done >> 32),
           (uint32_t)done);
    sleep_until(done + ALONE_MS * MS);
}

int main(void)
{
    start = rdtsc();
    uint32_t mebibytes = sdk_memory_bytes() >> 20;

    if (mebibytes == 2) {
        watch();
        return 0;
    }
    if (mebibytes == 32)
        work("end_directories", DIRECTORIES_MS, use_directories);
    else if (mebibytes > 32 && mebibytes % 2 == 1)
        work("end_touched", TOUCH_MS, touch_all);
    else if (mebibytes > 32)
        work("end_untouched", NOTHING_MS, NULL);
    return 0;
}
