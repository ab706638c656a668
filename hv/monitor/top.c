/*
 * top.c - who uses the processor, and for what, since the last picture.
 *
 * A picture is drawn in place, and only while console 0 is in view. What others have to say on it waits until the last
 * one: monitor.c, jobs.c. Bound of a picture: all guests once, and again for each of its rows.
 */
#include "monitor/top.h"

#include <stddef.h>

#include "base/format.h"
#include "base/frames.h"
#include "guest/guest.h"
#include "monitor/jobs.h"
#include "monitor/jobs_tell.h"
#include "monitor/shell_output.h"

#define NS_PER_S 1000000000ull
#define PERIOD_NS NS_PER_S
#define PERMILLE 1000u
#define HEAD_ROWS 4u
#define GUEST_ROWS (VCON_ROWS - HEAD_ROWS - 1u)     /* and one that says how many more there are */
#define HEAD_ATTRIBUTE 0x70                         /* black on grey */
#define ESC 27
#define CTRL_C 3
#define COUNT_BYTES 24

static uint64_t shown_ns;               /* when the last picture was made */

struct sums {
    unsigned guests, busy;
    uint32_t share;
};

static bool lives(const struct guest *guest)
{
    return guest->life.activity != GUEST_ENDED;
}

/* Seven columns at most. */
static const char *count_text(char text[COUNT_BYTES], uint64_t count)
{
    bool is_large = count >= 10000000;

    format_string(text, COUNT_BYTES, "%llu%s", (unsigned long long)(is_large ? count / 1000000 : count),
                  is_large ? "M" : "");
    return text;
}

static uint64_t per_second(uint64_t count, uint64_t span_ns)
{
    return span_ns < NS_PER_S / PERMILLE ? 0 : count * PERMILLE / (span_ns / (NS_PER_S / PERMILLE));
}

/* What happened to a guest in a span of time. */
static void take_glance(struct guest *guest, uint64_t span_ns)
{
    struct guest_glance *glance = &guest->glance;
    struct guest_counts counts = guest_counts(guest);
    uint64_t run_ns = guest->turns.run_ns - glance->run_ns;

    glance->share = (uint32_t)(run_ns < span_ns ? run_ns * PERMILLE / span_ns : PERMILLE);
    glance->since = (struct guest_counts){
        .calls = per_second(counts.calls - glance->counts.calls, span_ns),
        .faults = per_second(counts.faults - glance->counts.faults, span_ns),
        .events = per_second(counts.events - glance->counts.events, span_ns),
    };
    glance->run_ns = guest->turns.run_ns;
    glance->counts = counts;
}

static struct sums take_glances(uint64_t span_ns)
{
    struct sums sums = { 0 };

    for (struct guest *guest = guest_first(); guest != NULL; guest = guest->next) {
        if (!lives(guest))
            continue;
        take_glance(guest, span_ns);
        sums.guests++;
        sums.busy += guest->life.activity == GUEST_READY && !guest->life.paused ? 1 : 0;
        sums.share += guest->glance.share;
    }
    return sums;
}

/* By share, and among equals by ID: the larger key comes first. */
static uint64_t sort_key(const struct guest *guest)
{
    return (uint64_t)guest->glance.share << 32 | (UINT32_MAX - guest->life.id);
}

/* NULL: there is none below. */
static const struct guest *find_below(uint64_t key)
{
    const struct guest *best = NULL;

    for (const struct guest *guest = guest_first(); guest != NULL; guest = guest->next) {
        if (lives(guest) && sort_key(guest) < key && (best == NULL || sort_key(guest) > sort_key(best)))
            best = guest;
    }
    return best;
}

static void show_head(const struct sums *sums, uint64_t now_ns)
{
    uint64_t total = frames_count_total(), free = frames_count_free();

    shell_show_row(0, VCON_ATTRIBUTE_START, "%u guests, %u of them want the processor; up %llu s; q ends this",
                   sums->guests, sums->busy, (unsigned long long)(now_ns / NS_PER_S));
    shell_show_row(1, VCON_ATTRIBUTE_START, "processor: %u.%u %% for guests; memory: %llu of %llu KiB in use",
                   sums->share / 10, sums->share % 10, (unsigned long long)(total - free) * (PAGE_SIZE / 1024),
                   (unsigned long long)total * (PAGE_SIZE / 1024));
    shell_show_row(2, VCON_ATTRIBUTE_START, "");
    shell_show_row(3, HEAD_ATTRIBUTE, "%4s %-15s %-11s %5s %8s %7s %7s %7s %7s", "ID", "NAME", "STATE", "CPU %",
                   "CPU S", "CALLS/S", "FAULT/S", "EVENT/S", "MEM KIB");
}

static void show_guest(unsigned row, const struct guest *guest)
{
    char state[32], calls[COUNT_BYTES], faults[COUNT_BYTES], events[COUNT_BYTES];
    uint64_t run_ms = guest->turns.run_ns / (NS_PER_S / PERMILLE);

    jobs_describe(guest, state);
    shell_show_row(row, VCON_ATTRIBUTE_START, "%4u %-15.15s %-11.11s %3u.%u %6llu.%u %7s %7s %7s %7u", guest->life.id,
                   guest->life.name, guest->life.activity == GUEST_BLOCKED ? "waits" : state,
                   guest->glance.share / 10, guest->glance.share % 10, (unsigned long long)(run_ms / PERMILLE),
                   (unsigned)(run_ms % PERMILLE / 100), count_text(calls, guest->glance.since.calls),
                   count_text(faults, guest->glance.since.faults), count_text(events, guest->glance.since.events),
                   guest->ram.backed_count * (uint32_t)(PAGE_SIZE / 1024));
}

static void show_picture(uint64_t span_ns, uint64_t now_ns)
{
    struct sums sums = take_glances(span_ns);
    uint64_t key = UINT64_MAX;
    unsigned shown = 0, row;

    show_head(&sums, now_ns);
    for (const struct guest *guest; shown < GUEST_ROWS && (guest = find_below(key)) != NULL; shown++) {
        show_guest(HEAD_ROWS + shown, guest);
        key = sort_key(guest);
    }
    for (row = HEAD_ROWS + shown; row < VCON_ROWS; row++)
        shell_show_row(row, VCON_ATTRIBUTE_START, "");
    if (shown < sums.guests)
        shell_show_row(VCON_ROWS - 1, VCON_ATTRIBUTE_START, "and %u more", sums.guests - shown);
    vcon_set_cursor(&shell_console()->vcon, HEAD_ROWS + shown, 0);
    shown_ns = now_ns;
}

/* The first picture is of all the time since the launches. */
void top_begin(uint64_t now_ns)
{
    shell_clear();
    shell_begin_picture();
    for (struct guest *guest = guest_first(); guest != NULL; guest = guest->next)
        guest->glance = (struct guest_glance){ 0 };
    show_picture(now_ns != 0 ? now_ns : 1, now_ns);
}

void top_key(uint8_t character, uint64_t now_ns)
{
    if (character == 'q' || character == 'Q' || character == ESC || character == CTRL_C || character == '\n') {
        shell_end_picture();
    } else if (character != 0 && now_ns > shown_ns) {
        show_picture(now_ns - shown_ns, now_ns);
    }
}

void top_pump(uint64_t now_ns)
{
    if (now_ns >= top_next_ns())
        show_picture(now_ns - shown_ns, now_ns);
}

uint64_t top_next_ns(void)
{
    return shell_shows_picture() && console_in_view() == shell_console() ? shown_ns + PERIOD_NS : UINT64_MAX;
}
