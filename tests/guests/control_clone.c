/*
 * control_clone.c - guests that clone themselves and their children by hv_clone (docs/abi.md "Control calls").
 *
 * What only one of two may see is judged by content: pages, FPU, registers across the call, and with paging on through
 * tables that each changes for itself. Copies of children in each state go on and check themselves (clone_states.c).
 * Copies stop at limits as children do, end with who asked for them, and the plan's last line counts the frames.
 */
#include "lib/children.h"
#include "lib/paging.h"
#include "lib/pattern.h"

#define COPIES 6u
#define PAGES 96u
#define MANY 10000u
#define WINDOW FREE_GVA                 /* shows a frame, another one in each copy */
#define OWN_KEY 'k'                     /* status of clone_states' timed cases */

static struct pattern_page pages[PAGES];

static void sleep_ticks(uint32_t count)
{
    while (count-- > 0)
        hlt();
}

/* hv_clone(0, 0), with words in registers that must be there on both sides. ESP is no stack meanwhile. */
static int32_t clone_checked(void)
{
    static const uint32_t block[2] = { 0, 0 };
    uint32_t result = HV_CALL_CLONE, ebx = 0x1111, ecx = 0x2222, edx = 0x3333, esi = 0x4444;

    hv_disable_interrupts();
    __asm__ volatile("xchg %%esp, %%edi\n\tint $0xDE\n\txchg %%esp, %%edi"
                     : "+a"(result), "+b"(ebx), "+c"(ecx), "+d"(edx), "+S"(esi) : "D"(block) : "memory", "cc");
    hv_enable_interrupts();
    CHECK(ebx == 0x1111 && ecx == 0x2222 && edx == 0x3333 && esi == 0x4444);
    return (int32_t)result;
}

/* In a copy: from the parent's pages to its own, while others write theirs. Its status is what it is to be, or -1. */
static _Noreturn void live_as_copy(uint32_t number, double expected)
{
    double third;

    __asm__ volatile("fstpl %0" : "=m"(third));
    CHECK(third == expected);
    pattern_check(pages, PAGES, 7 + number);
    pattern_fill(pages, PAGES, 100 + number);
    sleep_ticks(4);
    pattern_check(pages, PAGES, 100 + number);
    CHECK_EQUAL(children_state(0).depth, 1);
    CHECK_EQUAL(children_state(0).children, 0);
    hv_exit(test_result() == 0 ? (int32_t)number : -1);
}

/* Copies of the caller, each of which begins with what was there at its call. */
static void diverge(void)
{
    static const double third = 1.0 / 3.0;
    int32_t ids[COPIES];

    for (uint32_t i = 0; i < COPIES; i++) {
        pattern_fill(pages, PAGES, 7 + i);
        __asm__ volatile("fldl %0" : : "m"(third));
        ids[i] = clone_checked();
        if (ids[i] == 0)
            live_as_copy(i, third);
        CHECK(ids[i] > 0);
        __asm__ volatile("fstp %st(0)");
        pattern_check(pages, PAGES, 7 + i);
    }
    for (uint32_t i = 0; i < COPIES; i++)
        children_expect_end(ids[i], HV_END_EXIT, (int32_t)i);
    pattern_check(pages, PAGES, 7 + COPIES - 1);
    CHECK_EQUAL(children_state(0).children, 0);
    CHECK_EQUAL(children_state(0).children_kib, 0);
}

CASE(diverge)
{
    children_begin();
    diverge();
}

static void begin_paging(uint32_t *pd)
{
    *pd = pd_make();
    hv_setpd(*pd, 1);
    traps_record(true);
    children_begin();
}

CASE(diverge_paging)
{
    uint32_t pd, first, second, *window = (uint32_t *)WINDOW;

    begin_paging(&pd);
    diverge();
    first = frame_take();
    second = frame_take();
    *frame_words(first) = 0x11111111;
    *frame_words(second) = 0x22222222;
    page_map(pd, WINDOW, first, ENTRY_KERNEL);
    CHECK_EQUAL(*(volatile uint32_t *)window, 0x11111111);
    int32_t id = hv_clone(0, 0);
    if (id == 0) {
        page_map(pd, WINDOW, second, ENTRY_KERNEL);
        hv_adjustpg(WINDOW);
        CHECK_EQUAL(*(volatile uint32_t *)window, 0x22222222);
        *(volatile uint32_t *)window = 0x33333333;
        CHECK_EQUAL(*frame_words(first), 0x11111111);
        hv_exit(test_result() == 0 ? 5 : -1);
    }
    children_expect_end(id, HV_END_EXIT, 5);
    CHECK_EQUAL(*(volatile uint32_t *)window, 0x11111111);
    CHECK_EQUAL(*frame_words(second), 0x22222222);
}

/* Is "waiting" on its console, as all that clone_states.c prints, or what it prints then? */
static bool waits(int32_t id)
{
    static struct hv_console console;

    return hv_state((uint32_t)id, HV_STATE_CONSOLE, &console, sizeof(console)) == sizeof(console) &&
           (console.cells[0][0] & 0xFF) != 0 && (console.cells[0][0] & 0xFF) != ' ';
}

/* A child in each state and two copies of it, one of which is paused for a while. All end by themselves. */
CASE(states)
{
    static const char *const names[] = { "clone_states.timed_halted", "clone_states.timed_spinning",
                                         "clone_states.timed_in_handler", "clone_states.timed_in_prints",
                                         "clone_states.timed_in_user", "clone_states.timed_unsynced" };
    const uint32_t count = sizeof(names) / sizeof(names[0]);
    int32_t ids[3 * sizeof(names) / sizeof(names[0])];

    children_begin();
    for (uint32_t i = 0; i < count; i++)
        ids[i] = children_start(names[i], (struct hv_start){ .memory_kib = 2 * SMALL_KIB });
    for (uint32_t i = 0; i < count; i++) {
        while (!waits(ids[i]))
            hlt();
        ids[count + i] = hv_clone((uint32_t)ids[i], 0);
        ids[2 * count + i] = hv_clone((uint32_t)ids[i], HV_CLONE_PAUSED);
        CHECK(ids[count + i] > ids[i] && ids[2 * count + i] > ids[count + i]);
    }
    for (uint32_t i = 0; i < 2 * count; i++)
        children_expect_end(ids[i], HV_END_EXIT, OWN_KEY);
    for (uint32_t i = 2 * count; i < 3 * count; i++) {
        CHECK_EQUAL(children_state(ids[i]).flags, HV_CHILD_IS_PAUSED);
        CHECK_EQUAL(hv_signal((uint32_t)ids[i], HV_SIGNAL_RESUME), 0);
    }
    for (uint32_t i = 2 * count; i < 3 * count; i++)
        children_expect_end(ids[i], HV_END_EXIT, OWN_KEY);
}

/* Each copy copies itself again, until it may not, and sleeps then. */
CASE(bomb)
{
    children_begin();
    while (hv_clone(0, 0) >= 0)
        ;
    for (;;)
        hlt();
}

static void wait_for_children(int32_t id, uint32_t children)
{
    while (children_state(id).children < children)
        hlt();
    sleep_ticks(3);
    CHECK_EQUAL(children_state(id).children, children);
}

static int32_t start_below(const char *name, uint32_t children)
{
    return children_start(name, (struct hv_start){ .memory_kib = SMALL_KIB, .flags = HV_START_CONTROL,
                                                   .children = children });
}

/* The bomb is held by its own limit, then by its parent's; and at last it is still there when its parent ends. */
CASE(bombs)
{
    children_begin();
    int32_t id = start_below("control_clone.bomb", 7);
    wait_for_children(id, 7);
    CHECK_EQUAL(children_state(0).children, 8);
    CHECK_EQUAL(children_state(0).children_kib, 8 * SMALL_KIB);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
    CHECK_EQUAL(children_state(0).children, 0);
    id = start_below("control_clone.bomb", 0);
    wait_for_children(id, 15);
    CHECK_EQUAL(hv_clone(0, 0), HV_ERROR_CHILDREN);
    CHECK_EQUAL(hv_clone((uint32_t)id, 0), HV_ERROR_CHILDREN);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_END), 0);
    (void)children_wait(id);
    CHECK_EQUAL(hv_clone((uint32_t)id, 0), HV_ERROR_STATE);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
    wait_for_children(start_below("control_clone.bomb", 0), 15);
}

/* One that ends in the middle of copying itself, or with copies that live. */
CASE(parent)
{
    children_begin();
    for (uint32_t i = 0; i < 3; i++)
        if (hv_clone(0, 0) == 0)
            for (;;)
                hlt();
    hv_exit(9);
}

/* It is gone, and so are its copies, whatever state they are in: the frames tell. */
CASE(parent_dies)
{
    children_begin();
    for (uint32_t i = 0; i < 40; i++) {
        int32_t id = start_below("control_clone.parent", 0);
        if (i % 2 == 0) {
            children_expect_end(id, HV_END_EXIT, 9);
            continue;
        }
        for (uint32_t turns = 0; turns < i; turns++)
            (void)hv_view(0);           /* gives way for a moment */
        CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
    }
    CHECK_EQUAL(children_state(0).children, 0);
    (void)start_below("control_clone.parent", 0);
}

/* Copies that outlive a time-out of whom they are copied from: one that runs, one that stands, a child and its copy. */
CASE(outlived)
{
    children_begin();
    if (hv_clone(0, 0) != 0) {
        int32_t id = children_start_small("clone_states.halted");
        while (!waits(id))
            hlt();
        CHECK(hv_clone((uint32_t)id, 0) > id);
        CHECK(hv_clone(0, HV_CLONE_PAUSED) > id);
        CHECK_EQUAL(children_state(0).children, 4);
        if (test_result() != 0)
            hv_exit(1);
    }
    for (;;)
        hlt();
}

/* As deep as may be: each copies itself, waits for the copy, and passes on how many there were below it. */
CASE(deep)
{
    children_begin();
    for (;;) {
        int32_t id = hv_clone(0, 0);
        if (id == 0)
            continue;
        struct hv_child own = children_state(0);
        int32_t status = 0;
        if (own.depth == HV_DEPTH_MAX)
            CHECK_EQUAL(id, HV_ERROR_DEPTH);
        else
            status = children_wait(id).status + 1;
        if (own.depth != 0)
            hv_exit(test_result() == 0 ? status : -100);
        CHECK_EQUAL(status, HV_DEPTH_MAX);
        return;
    }
}

/* Requests for 10,000 copies in a row; each ends at once, and some are forgotten before. */
CASE(many)
{
    uint32_t refused = 0;

    children_begin();
    for (uint32_t made = 0; made < MANY;) {
        int32_t id = hv_clone(0, 0);
        if (id == 0)
            hv_exit((int32_t)made);
        if (id > 0) {
            made++;
            continue;
        }
        CHECK_EQUAL(id, HV_ERROR_CHILDREN);
        refused++;
        struct hv_listed_child children[HV_LIST_MOST];
        int32_t count = hv_list(HV_LIST_CHILDREN, 0, children, HV_LIST_MOST);
        for (int32_t i = 0; i < count; i++) {
            CHECK(children[i].end == HV_END_NONE || children[i].end == HV_END_EXIT);
            CHECK_EQUAL(hv_signal(children[i].id, HV_SIGNAL_FORGET), 0);
        }
    }
    CHECK_EQUAL(refused, MANY / 16 - 1 + (MANY % 16 != 0));
}

/* Is there an image of this name, for all that hv_list says? */
static bool is_listed(const char *name)
{
    struct hv_listed_image images[HV_LIST_MOST];
    int32_t count;
    bool is_found = false;

    for (uint32_t from = 0; (count = hv_list(HV_LIST_IMAGES, from, images, HV_LIST_MOST)) > 0; from += (uint32_t)count)
        for (int32_t i = 0; i < count; i++)
            is_found |= strcmp(images[i].name, name) == 0;
    return is_found;
}

/*
 * Names are those of images, whatever snapshots the operator keeps: clone_tests.py keeps "kept", and one that is called
 * as the image "console". What a snapshot of one's own is, is begun by its ID, again and again; other IDs are nobody's.
 */
CASE(snapshots)
{
    children_begin();
    uint32_t own = children_state(0).id;
    CHECK(!is_listed("kept"));
    CHECK(is_listed("console"));
    CHECK_EQUAL(children_start_small("kept"), HV_ERROR_NO_IMAGE);
    children_expect_end(children_start("console", (struct hv_start){ .name = 0 }), HV_END_EXIT, 77);
    for (uint32_t id = 1; id < own; id++) {
        CHECK_EQUAL(hv_clone(id, 0), HV_ERROR_NO_CHILD);
        CHECK_EQUAL(hv_state(id, HV_STATE_CONSOLE, NULL, 0), HV_ERROR_NO_CHILD);
    }
    int32_t id = children_start_small("clone_states.timed_halted");
    while (!waits(id))
        hlt();
    int32_t snapshot = hv_clone((uint32_t)id, HV_CLONE_PAUSED);
    children_expect_end(id, HV_END_EXIT, OWN_KEY);
    for (uint32_t i = 0; i < 3; i++)
        children_expect_end(hv_clone((uint32_t)snapshot, 0), HV_END_EXIT, OWN_KEY);
    CHECK_EQUAL(children_state(snapshot).flags, HV_CHILD_IS_PAUSED);
    CHECK_EQUAL(children_state(snapshot).end, HV_END_NONE);
}

/* How a copy ends that reads the window: its entry was changed, and nobody told. */
static void expect_strict_end(int32_t id, const char *beginning)
{
    struct hv_child child = children_wait(id);

    CHECK_EQUAL(child.end, HV_END_CRASH);
    CHECK(children_begins(child.reason, beginning));
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
}

/*
 * A copy of a guest in strict mode is in strict mode, and knows what was told to its source: an entry that was changed
 * before the copy, and one that is changed after it. Its source goes on, and makes no mistake.
 */
CASE(strict)
{
    uint32_t pd, first, second;

    begin_paging(&pd);
    first = frame_take();
    second = frame_take();
    page_map(pd, WINDOW, first, ENTRY_KERNEL);
    *(volatile uint32_t *)WINDOW = 0x11111111;
    *pt_entry(pd, WINDOW) = second | ENTRY_KERNEL;
    int32_t id = hv_clone(0, 0);
    if (id == 0)
        hv_exit((int32_t)*(volatile uint32_t *)WINDOW);
    expect_strict_end(id, "strict: read or fetch of 0x40400000 through a changed entry");
    hv_adjustpg(WINDOW);
    CHECK_EQUAL(*(volatile uint32_t *)WINDOW, 0);
    id = hv_clone(0, 0);
    if (id == 0) {
        CHECK_EQUAL(*(volatile uint32_t *)WINDOW, 0);
        *pt_entry(pd, WINDOW) = first | ENTRY_P;
        *(volatile uint32_t *)WINDOW = 2;
        hv_exit(2);
    }
    expect_strict_end(id, "strict: write of 0x40400000 through a changed entry");
    id = hv_clone(0, 0);
    if (id == 0) {                      /* it is told: no mistake */
        *pt_entry(pd, WINDOW) = first | ENTRY_KERNEL;
        hv_adjustpg(WINDOW);
        hv_exit(*(volatile uint32_t *)WINDOW == 0x11111111 ? 3 : -1);
    }
    children_expect_end(id, HV_END_EXIT, 3);
    CHECK_EQUAL(*(volatile uint32_t *)WINDOW, 0);
}

/* Whatever a program might pass. */
CASE(hostile)
{
    static const uint32_t values[] = { 0, 1, 2, 5, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF };
    const uint32_t count = sizeof(values) / sizeof(values[0]);

    children_begin();
    int32_t id = children_start("loop", (struct hv_start){ .memory_kib = 160 * 1024 });
    while (children_state(id).state == HV_CHILD_STARTING)
        hlt();
    for (uint32_t i = 0; i < count * count; i++) {
        uint32_t other = values[i / count], flags = values[i % count];
        bool is_good = (flags & ~(uint32_t)HV_CLONE_FLAGS) == 0;
        if (!is_good)
            CHECK_EQUAL(hv_clone((uint32_t)id, flags), HV_ERROR_ARGUMENT);
        if (other != (uint32_t)id && (other != 0 || !is_good))
            CHECK_EQUAL(hv_clone(other, flags), is_good ? HV_ERROR_NO_CHILD : HV_ERROR_ARGUMENT);
    }
    CHECK_EQUAL(children_state(0).children, 1);
    CHECK(hv_clone((uint32_t)id, 0) > id);
    CHECK_EQUAL(hv_clone((uint32_t)id, 0), HV_ERROR_MEMORY);
    CHECK_EQUAL(children_state(0).children_kib, 2 * 160 * 1024);
}

/* Arguments that cannot be read are the end, as with every call. */
CASE(bad_block)
{
    __asm__ volatile("movl $0xFFFFFFF0, %%esp\n\tint $0xDE" : : "a"(HV_CALL_CLONE));
    test_survived();
}

int main(void)
{
    test_case();
    return test_result();
}
