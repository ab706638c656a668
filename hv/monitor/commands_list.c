/*
 * commands_list.c - see commands_list.h.
 *
 * Guests come and go between two pieces: where a list goes on is kept by IDs. One that began while the list was written
 * is in it if its place was not passed so far.
 */
#include "monitor/commands_list.h"

#include <stddef.h>

#include "base/format.h"
#include "base/text.h"
#include "guest/guest.h"
#include "guest/images.h"
#include "monitor/jobs_tell.h"
#include "monitor/shell_output.h"

#define NS_PER_MS 1000000ull
#define DEPTH_COLUMNS 2u
#define IMAGES_HEADING "%-32s %8s  %s", "NAME", "KIB", "FROM"
#define PIECE_STEPS 256u            /* of a look: some 300,000 instructions */
#define ROW_STEPS 4u                /* beside one for what is looked at, 1,200 instructions */

static struct {
    enum { LIST_NOTHING, LIST_GUESTS, LIST_SNAPSHOTS, LIST_IMAGES } what;
    const char *pattern;            /* NULL: none */
    uint32_t top, last, next;       /* guests: what was written last, what comes then, and what both are below */
    struct images_position position;
    unsigned rows, tests;           /* written so far; images for tests that were left out */
    unsigned steps;                 /* left of this look */
} list;

static void pay(unsigned steps)
{
    list.steps = list.steps > steps ? list.steps - steps : 0;
}

/* A guest stands two columns further right than who started it. */
static void print_guest(const struct guest *guest, unsigned depth)
{
    char state[32], name[GUEST_NAME_BYTES + DEPTH_COLUMNS * HV_DEPTH_MAX];

    if (list.rows++ == 0)
        shell_print("%4s %-24s %-18s %10s %8s %10s", "ID", "NAME", "STATE", "RUN MS", "MEM KIB", "EXITS");
    format_string(name, sizeof(name), "%*s%s", (int)(DEPTH_COLUMNS * depth), "", guest->life.name);
    jobs_describe(guest, state);
    uint32_t memory_bytes = guest->life.activity == GUEST_ENDED ? 0 : guest->ram.bytes;
    struct guest_counts counts = guest_counts(guest);
    uint64_t exits = counts.calls + counts.events + counts.faults;
    shell_print("%4u %-24.24s %-18s %10llu %8u %10llu", guest->life.id, name, state,
                (unsigned long long)(guest->turns.run_ns / NS_PER_MS), memory_bytes / 1024,
                (unsigned long long)exits);
    pay(ROW_STEPS);
}

/* Bound: HV_DEPTH_MAX. */
static const struct guest *top_of(const struct guest *guest)
{
    while (guest->family.parent != NULL)
        guest = guest->family.parent;
    return guest;
}

/* The next of the operator's guests, by ID. Bound: those between that are not, and all where the last one went. */
static struct guest *next_top(void)
{
    struct guest *last = guest_find(list.top), *guest = last != NULL ? last->next : guest_first();

    while (guest != NULL && (guest->life.id <= list.top || guest->family.parent != NULL))
        guest = guest->next;
    return guest;
}

static bool is_below_top(const struct guest *guest)
{
    return guest != NULL && top_of(guest)->life.id == list.top;
}

/* Behind what was written last, or if that went, what came then. NULL: that is gone, too, or there was no more. */
static struct guest *next_below(void)
{
    struct guest *last = guest_find(list.last), *next = guest_find(list.next);

    if (is_below_top(last))
        return family_next(top_of(last), last);
    return is_below_top(next) ? next : NULL;
}

/* The operator's in the order of their IDs, and behind each what it started. False: that was all. */
static bool list_guest(void)
{
    struct guest *guest = next_below();

    if (guest == NULL)
        guest = next_top();
    if (guest == NULL)
        return false;
    const struct guest *top = top_of(guest);
    print_guest(guest, guest->family.depth - top->family.depth);
    const struct guest *next = family_next(top, guest);
    list.top = top->life.id;
    list.last = guest->life.id;
    list.next = next != NULL ? next->life.id : 0;
    return true;
}

/* They come before images, as they are taken before one of the same name. False: that was all. */
static bool list_snapshot(void)
{
    const struct guest *guest = next_top();

    if (guest == NULL)
        return false;
    list.top = guest->life.id;
    if (!(guest->life.paused & GUEST_PAUSED_SNAPSHOT) || guest->life.activity == GUEST_ENDED ||
        (list.pattern != NULL && !text_matches(guest->life.name, list.pattern)))
        return true;
    if (list.rows++ == 0)
        shell_print(IMAGES_HEADING);
    shell_print("%-32s %8u  snapshot, guest %u", guest->life.name,
                guest->ram.backed_count * (uint32_t)(PAGE_SIZE / 1024), guest->life.id);
    pay(ROW_STEPS);
    return true;
}

/* Of the guests that only Cobble's tests run, those are listed that somebody asks for. False: that was all. */
static bool list_image(void)
{
    struct image_file file;

    if (!images_next(&list.position, &file))
        return false;
    list.tests += file.for_tests;
    if (list.pattern != NULL ? !text_matches(file.name, list.pattern) : file.for_tests)
        return true;
    if (list.rows++ == 0)
        shell_print(IMAGES_HEADING);
    shell_print("%-32s %8llu  %s%s", file.name, (unsigned long long)(file.image_bytes + 1023) / 1024,
                file.on_volume ? "boot volume" : "built in", file.runnable ? "" : " (rename it to run it)");
    pay(ROW_STEPS);
    return true;
}

static void end_list(void)
{
    if (list.what == LIST_GUESTS && list.rows == 0)
        shell_print("there is no guest; ls lists what can be run");
    else if (list.what == LIST_IMAGES && list.rows == 0 && list.pattern != NULL)
        shell_print("no guest is called '%s'; * stands for any text, ? for any character", list.pattern);
    else if (list.what == LIST_IMAGES && list.rows == 0)
        shell_print("no guests: put ELF files into \\guests\\ on the boot volume");
    if (list.what == LIST_IMAGES && list.pattern == NULL && list.tests > 0)
        shell_print("and %u guests of Cobble's own tests: ls * lists them, too", list.tests);
    list.what = LIST_NOTHING;
}

static bool list_one(void)
{
    switch (list.what) {
    case LIST_GUESTS: return list_guest();
    case LIST_SNAPSHOTS:
        if (!list_snapshot())
            list.what = LIST_IMAGES;
        return true;
    case LIST_IMAGES: return list_image();
    case LIST_NOTHING: break;
    }
    return false;
}

bool commands_list_goes_on(void)
{
    return list.what != LIST_NOTHING;
}

void commands_list_more(void)
{
    list.steps = PIECE_STEPS;
    while (list.steps > 0) {
        pay(1);
        if (!list_one()) {
            end_list();
            return;
        }
    }
}

void commands_list_images(const struct words *words, uint64_t now_ns)
{
    (void)now_ns;
    list = (typeof(list)){ .what = LIST_SNAPSHOTS, .pattern = words->count > 1 ? words->word[1] : NULL };
    commands_list_more();
}

void commands_list_guests(const struct words *words, uint64_t now_ns)
{
    (void)words, (void)now_ns;
    list = (typeof(list)){ .what = LIST_GUESTS };
    commands_list_more();
}
