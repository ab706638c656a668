/*
 * gaps.c - how long a busy guest has to wait for its next turn among 200, and what hostile neighbours can take from it.
 *
 * Fair guests (2 MiB) are busy from one moment on the clock that all agree on to another, and note how long they ran
 * and the longest time in which they did not. A turn is a millisecond, so that each of N should be back within N ms,
 * whatever the others do with their turns. Hostile ones do, all that time, what makes the hypervisor work most, each
 * something else, by their RAM beyond 3 MiB in frames: all that they cause has to come out of their own turns.
 *
 *   0 prints rows of 80 bytes        1 prints 4,096 bytes at once    2 a storm of calls
 *   3 sleeps and wakes               4 page faults, reflected        5 changes all tables, hv_setpd
 *   6 one table at every 4 MiB of 4 GiB, a page of each used         7 directories without end: evictions
 *   8 touches all of its RAM, once   9 ends at once                  10 crashes
 *
 * Lines for scripts/bench, in TSC ticks:
 *   @ fair RAN LONGEST
 *   @ hostile KIND RAN             of those that never stop, by the hypervisor's own count of their time
 */
#include "sdk.h"

#define PAGE_BYTES 4096u
#define TABLE_ENTRIES 1024u
#define HOSTILE_FRAMES 768u
#define SHORT_FRAMES 32u            /* so many more, or a fair one with one more than 2 MiB: the short time */
#define FAIR_FRAMES 512u
#define START_NS 1500000000u        /* on the hypervisor's clock: all run by then */
#define MS 1000000u                 /* TSC ticks: 1 GHz under instruction counting */
#define WATCH_MS 8000u              /* forty turns each among 200: a share may be off by one of them at either end */
#define SHORT_MS 2000u
#define GAP_LEAST 400u              /* more than a tick and BUSY_LOOPS take */
#define BUSY_LOOPS 40u              /* between two looks at the clock, which are slow to emulate */
#define FULL 7u                     /* P, W, U */
#define FRAMES_AT 0x200000u
#define TABLES 32u
#define LARGE_KIND 8u               /* whatever its RAM */
#define UNUSED_AT 0x2F0000u         /* behind all directories */

static uint64_t start, end;

static volatile uint32_t *words(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

static void be_busy(void)
{
    for (uint32_t i = 0; i < BUSY_LOOPS; i++)
        __asm__ volatile("");
}

static void be_fair(void)
{
    uint64_t ran = 0, longest = 0, last, now;

    while ((now = rdtsc()) < start)
        ;
    for (last = start; last < end; last = now) {
        be_busy();
        now = rdtsc();
        if (now - last < GAP_LEAST)
            ran += now - last;
        else if (now - last > longest)
            longest = now - last;
    }
    printf("@ fair %u %u\n", (uint32_t)ran, (uint32_t)longest);
}

static void skip_fault(struct event *event)
{
    (void)event;
}

static void ignore(struct event *event)
{
    (void)event;
}

/* The first TABLES of its frames from FRAMES_AT on are tables that show its RAM, the next is a directory. */
static uint32_t make_tables(uint32_t used)
{
    uint32_t directory = FRAMES_AT + TABLES * PAGE_BYTES, ram = sdk_memory_bytes();

    for (uint32_t i = 0; i < TABLES; i++)
        for (uint32_t j = 0; j < TABLE_ENTRIES; j++)
            words(FRAMES_AT + i * PAGE_BYTES)[j] = j * PAGE_BYTES % (ram & ~0xFFFFFu) | FULL;
    for (uint32_t i = 0; i < used; i++)
        words(directory)[i] = (FRAMES_AT + i % TABLES * PAGE_BYTES) | FULL;
    return directory;
}

static void print_rows(uint32_t bytes)
{
    static char text[4096];

    memset(text, 'x', sizeof(text));
    text[bytes - 1] = '\n';
    while (rdtsc() < end)
        hv_print((int32_t)bytes, text);
}

static void change_tables(void)
{
    uint32_t directory = make_tables(TABLES);

    while (rdtsc() < end) {
        hv_setpd(directory, 1);
        for (uint32_t i = 1; i < TABLES; i++)
            for (uint32_t j = 0; j < TABLE_ENTRIES; j++) {
                words(FRAMES_AT + i * PAGE_BYTES)[j] ^= PAGE_BYTES;
                if (j % 64 == 0)
                    (void)*words((i * TABLE_ENTRIES + j) * PAGE_BYTES);
            }
    }
}

static void alias_everywhere(void)
{
    uint32_t slots = HV_MAX_GVA / (TABLE_ENTRIES * PAGE_BYTES);

    hv_setpd(make_tables(slots), 1);
    while (rdtsc() < end)
        for (uint32_t i = 0; i < slots; i++)
            (void)*words((i * TABLE_ENTRIES + 5) * PAGE_BYTES);
}

static void load_directories(void)
{
    uint32_t first = make_tables(TABLES), frame = first;

    while (rdtsc() < end) {
        frame = frame + PAGE_BYTES < UNUSED_AT ? frame + PAGE_BYTES : first;
        for (uint32_t i = 0; i < TABLES; i++)
            words(frame)[i] = (FRAMES_AT + i * PAGE_BYTES) | FULL;
        hv_setpd(frame, 1);
        for (uint32_t i = 1; i < TABLES; i++)
            *words(i * TABLE_ENTRIES * PAGE_BYTES + UNUSED_AT) = i;
    }
}

static void be_hostile(uint32_t kind)
{
    switch (kind) {
    case 0: print_rows(80); break;
    case 1: print_rows(4096); break;
    case 2:
        while (rdtsc() < end)
            hv_cons_set_cursor_pos(1, 1);
        break;
    case 3:
        event_handle(HV_SLOT_TIMER, ignore, true);
        hv_enable_interrupts();
        while (rdtsc() < end)
            hlt();
        break;
    case 4:
        event_handle(3, skip_fault, true);
        while (rdtsc() < end)
            __asm__ volatile("int3");
        break;
    case 5: change_tables(); break;
    case 6: alias_everywhere(); break;
    case 7: load_directories(); break;
    case LARGE_KIND:
        for (uint32_t at = FRAMES_AT; at < sdk_memory_bytes(); at += PAGE_BYTES)
            *words(at) = at;
        break;
    case 9: break;
    default: __asm__ volatile("ud2"); break;
    }
}

/* One that never stops wants as much as a fair one, and must not have less either. */
static void tell_hostile(uint32_t kind, uint64_t ran_before)
{
    struct hv_counters counters;

    hv_counters(&counters, sizeof(counters));
    printf("@ hostile %u %u\n", kind, (uint32_t)(counters.run_ns - ran_before));
}

int main(void)
{
    struct hv_counters counters;
    uint32_t frames = sdk_launch.ebx + 1;

    hv_counters(&counters, sizeof(counters));
    if (counters.time_ns > START_NS)
        return 1;
    start = rdtsc() + START_NS - counters.time_ns;
    bool is_short = frames < HOSTILE_FRAMES ? frames > FAIR_FRAMES : frames - HOSTILE_FRAMES >= SHORT_FRAMES;
    end = start + (uint64_t)(is_short ? SHORT_MS : WATCH_MS) * MS;
    if (frames < HOSTILE_FRAMES) {
        be_fair();
        return 0;
    }
    while (rdtsc() < start)
        ;
    uint32_t kind = frames < HOSTILE_FRAMES + 2 * SHORT_FRAMES ? frames % SHORT_FRAMES : LARGE_KIND;
    hv_counters(&counters, sizeof(counters));
    be_hostile(kind);
    tell_hostile(kind, counters.run_ns);
    return 0;
}
