/*
 * control_tree.c - guests in guests in guests: limits, and who ends with whom (docs/control.md).
 *
 * A guest that is ended, crashes, or times out takes along all that is below it, at any depth, in whatever state it is;
 * the plan's last line counts the frames. Some cases are children of others: without the right to control they end by
 * their first call. What a guest is lent of its parent's, processor and view, is judged here, too.
 */
#include "lib/children.h"
#include "test.h"

#define NS_PER_MS 1000000u

static int32_t start_below(const char *name, uint32_t children)
{
    return children_start(name, (struct hv_start){ .memory_kib = SMALL_KIB, .flags = HV_START_CONTROL,
                                               .children = children });
}

/*
 * Guests in guests, to the bound: each starts the next and waits for it, and the last one's start is an error. Each
 * ends with the number of guests below it, so that the first is children_told of all.
 */
CASE(deep)
{
    struct hv_child own = children_state(0);

    children_begin();
    int32_t id = start_below("control_tree.deep", 0);
    if (own.depth == HV_DEPTH_MAX) {
        CHECK_EQUAL(id, HV_ERROR_DEPTH);
        hv_exit(test_result() == 0 ? 0 : -1);
    }
    struct hv_child child = children_wait(id);
    CHECK_EQUAL(child.status, HV_DEPTH_MAX - own.depth - 1);
    CHECK_EQUAL(child.depth, own.depth + 1);
    CHECK_EQUAL(child.children, 0);     /* those below it went with it */
    if (own.depth != 0)
        hv_exit(test_result() == 0 ? child.status + 1 : -1);
}

/* Waits until something below has counted so many of its own. */
static void wait_for_children(int32_t id, uint32_t children)
{
    uint64_t limit_ns = children_now_ns() + (uint64_t)WAIT_MS * NS_PER_MS;

    while (children_state(id).children < children && children_now_ns() < limit_ns)
        hlt();
    CHECK_EQUAL(children_state(id).children, children);
}

/* Starts five guests that never end, and sleeps: for cases that end it. */
CASE(tree)
{
    children_begin();
    for (uint32_t i = 0; i < 5; i++)
        (void)children_start_small("loop");
    for (;;)
        hlt();
}

/* Breeds: each starts itself again and again, until an error says that it may not. A bomb, held by its limits. */
CASE(bomb)
{
    children_begin();
    for (;;)
        if (start_below("control_tree.bomb", 0) < 0)
            hlt();
}

/* A parent that dies first, by its own or another's doing, takes all along, at any depth: the frames tell. */
CASE(orphans)
{
    children_begin();
    int32_t id = start_below("control_tree.tree", 0);
    wait_for_children(id, 5);
    CHECK_EQUAL(children_state(0).children, 6);
    CHECK_EQUAL(children_state(0).children_kib, 6 * SMALL_KIB);
    CHECK_EQUAL(children_start("loop", (struct hv_start){ .memory_kib = 384 * 1024 }), HV_ERROR_MEMORY);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_END), 0);
    (void)children_wait(id);
    CHECK_EQUAL(children_state(0).children, 1);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
    CHECK_EQUAL(children_state(0).children, 0);
    id = start_below("control_tree.tree", 2);
    wait_for_children(id, 2);           /* it asked for five */
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
    CHECK_EQUAL(children_state(0).children, 0);
    id = start_below("control_tree.bomb", 0);
    wait_for_children(id, 15);          /* 16 with itself: the caller's own bound */
    CHECK_EQUAL(children_start_small("loop"), HV_ERROR_CHILDREN);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
    id = start_below("control_tree.tree", 0);
    wait_for_children(id, 5);
}

/* The same, when the parent crashes. */
CASE(crashes)
{
    children_begin();
    wait_for_children(start_below("control_tree.tree", 0), 5);
    __asm__ volatile("ud2");
}

/* Children that outlive a time-out of their parent: they do not, and nothing of them is left. */
CASE(outlived)
{
    children_begin();
    wait_for_children(start_below("control_tree.bomb", 0), 15);
    for (;;)
        hlt();
}

/* Paused, a child does not go on; resumed, it does. */
CASE(paused)
{
    children_begin();
    int32_t id = children_start_small("loop");
    while (children_state(id).run_ns == 0)
        hlt();
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_PAUSE), 0);
    struct hv_child before = children_state(id);
    CHECK((before.flags & HV_CHILD_IS_PAUSED) != 0);
    for (uint32_t i = 0; i < 5; i++)
        hlt();
    CHECK(children_state(id).run_ns == before.run_ns);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_RESUME), 0);
    for (uint32_t i = 0; i < 500 && children_state(id).run_ns == before.run_ns; i++)
        hlt();
    CHECK(children_state(id).run_ns > before.run_ns);
}

static volatile uint32_t keys;

static void key(struct event *event)
{
    if ((event->error & HV_KEY_MAKE) != 0 && keys == 0)
        keys = event->error & HV_KEY_CHAR_MASK;
}

/* Ends with the first key that it gets. */
CASE(reader)
{
    event_handle(HV_SLOT_KEYBOARD, key, true);
    event_handle(HV_SLOT_TIMER, children_ignore, true);
    hv_enable_interrupts();
    printf("press a key\n");
    while (keys == 0)
        hlt();
    hv_exit((int32_t)keys);
}

/* "a" is typed to the caller, and a second later "b": the child that has its view gets the first. */
CASE(view)
{
    struct hv_console console;

    children_begin();
    event_handle(HV_SLOT_KEYBOARD, key, true);
    int32_t id = children_start("control_tree.reader",
                                (struct hv_start){ .memory_kib = SMALL_KIB, .flags = HV_START_VIEW });
    while (children_state(id).state != HV_CHILD_IDLE)
        hlt();
    CHECK((children_state(id).flags & HV_CHILD_HAS_VIEW) != 0);
    CHECK_EQUAL(hv_state((uint32_t)id, HV_STATE_CONSOLE, &console, sizeof(console)), sizeof(console));
    CHECK_EQUAL(console.cells[0][0], 0x0700 | 'p');
    CHECK_EQUAL(console.row, 1);
    children_expect_end(id, HV_END_EXIT, 'a');
    while (keys == 0)
        hlt();
    CHECK_EQUAL(keys, 'b');
}

int main(void)
{
    test_case();
    return test_result();
}
