/*
 * children.c - see children.h.
 */
#include "lib/children.h"

#include "test.h"

#define NS_PER_MS 1000000u

volatile uint32_t children_told;

static void child_event(struct event *event)
{
    CHECK_EQUAL(event->error, 0);
    children_told++;
}

void children_ignore(struct event *event)
{
    (void)event;
}

bool children_begins(const char *text, const char *beginning)
{
    return memcmp(text, beginning, strlen(beginning)) == 0;
}

void children_begin(void)
{
    event_handle(HV_SLOT_CHILD, child_event, true);
    event_handle(HV_SLOT_TIMER, children_ignore, true);
    event_handle(HV_SLOT_KEYBOARD, children_ignore, true);
    hv_enable_interrupts();
}

int32_t children_start(const char *name, struct hv_start start)
{
    start.name = (uint32_t)name;
    return hv_start(&start, sizeof(start));
}

int32_t children_start_small(const char *name)
{
    return children_start(name, (struct hv_start){ .memory_kib = SMALL_KIB });
}

struct hv_child children_state(int32_t id)
{
    struct hv_child child = { .id = 0 };

    CHECK_EQUAL(hv_state((uint32_t)id, HV_STATE_CHILD, &child, sizeof(child)), sizeof(child));
    return child;
}

uint64_t children_now_ns(void)
{
    struct hv_counters counters;

    (void)hv_counters(&counters, sizeof(counters));
    return counters.time_ns;
}

struct hv_child children_wait(int32_t id)
{
    uint64_t limit_ns = children_now_ns() + (uint64_t)WAIT_MS * NS_PER_MS;
    struct hv_child child = children_state(id);

    while (child.state != HV_CHILD_ENDED && children_now_ns() < limit_ns) {
        hlt();
        child = children_state(id);
    }
    CHECK_EQUAL(child.state, HV_CHILD_ENDED);
    return child;
}

void children_expect_end(int32_t id, uint32_t end, int32_t status)
{
    if (!CHECK(id > 0)) {
        printf("not started: error %d\n", id);
        return;
    }
    struct hv_child child = children_wait(id);
    CHECK_EQUAL(child.end, end);
    CHECK_EQUAL(child.status, status);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), HV_ERROR_NO_CHILD);
}
