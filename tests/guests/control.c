/*
 * control.c - a guest that starts guests, of every kind, and judges their ends (docs/abi.md "Control calls").
 *
 * The children are other test guests of the ramdisk, whose ends their own lines of the manifest prove: what is proved
 * here is that their parent is told the same, that it is told by the virtual interrupt, and that nothing is left of
 * them: the plan's last line counts frames. Cases end with children in every state, and none of them forgotten.
 */
#include "test.h"

#define NS_PER_MS 1000000u
#define MANY 10000u
#define WAIT_MS 20000u
#define SMALL_KIB 4096u

static volatile uint32_t told;          /* interrupts of the slot */

static void child_event(struct event *event)
{
    CHECK_EQUAL(event->error, 0);
    told++;
}

static void nothing(struct event *event)
{
    (void)event;
}

static void begin(void)
{
    event_handle(HV_SLOT_CHILD, child_event, true);
    event_handle(HV_SLOT_TIMER, nothing, true);
    event_handle(HV_SLOT_KEYBOARD, nothing, true);
    hv_enable_interrupts();
}

static int32_t start_with(const char *name, struct hv_start start)
{
    start.name = (uint32_t)name;
    return hv_start(&start, sizeof(start));
}

static int32_t start_small(const char *name)
{
    return start_with(name, (struct hv_start){ .memory_kib = SMALL_KIB });
}

static struct hv_child state_of(int32_t id)
{
    struct hv_child child = { .id = 0 };

    CHECK_EQUAL(hv_state((uint32_t)id, HV_STATE_CHILD, &child, sizeof(child)), sizeof(child));
    return child;
}

static uint64_t now_ns(void)
{
    struct hv_counters counters;

    (void)hv_counters(&counters, sizeof(counters));
    return counters.time_ns;
}

/* Asleep, until the child has ended: the interrupt must wake it up, or a tick. */
static struct hv_child wait_for(int32_t id)
{
    uint64_t limit_ns = now_ns() + (uint64_t)WAIT_MS * NS_PER_MS;
    struct hv_child child = state_of(id);

    while (child.state != HV_CHILD_ENDED && now_ns() < limit_ns) {
        hlt();
        child = state_of(id);
    }
    CHECK_EQUAL(child.state, HV_CHILD_ENDED);
    return child;
}

static void expect_end(int32_t id, uint32_t end, int32_t status)
{
    if (!CHECK(id > 0)) {
        printf("not started: error %d\n", id);
        return;
    }
    struct hv_child child = wait_for(id);
    CHECK_EQUAL(child.end, end);
    CHECK_EQUAL(child.status, status);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), 0);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_FORGET), HV_ERROR_NO_CHILD);
}

static bool begins_with(const char *text, const char *beginning)
{
    return memcmp(text, beginning, strlen(beginning)) == 0;
}

/* What the crash of a child says, in its parent's hands. */
static void judge_crash(void)
{
    char report[200] = "";
    int32_t id = start_small("crash.de");
    struct hv_child child = wait_for(id);

    CHECK_EQUAL(child.end, HV_END_CRASH);
    CHECK_EQUAL(child.status, HV_STATUS_CRASH);
    CHECK(begins_with(child.reason, "#DE (divide error) at "));
    CHECK(child.run_ns > 0 && child.ended_ns > child.started_ns);
    CHECK(hv_state((uint32_t)id, HV_STATE_REPORT, report, sizeof(report)) > (int32_t)sizeof(report));
    CHECK(begins_with(report, "crash: #DE (divide error) at "));
    /* Not forgotten: it ends with its parent. */
}

/* Every kind of end. */
CASE(ends)
{
    begin();
    uint32_t told_before = told;
    expect_end(start_small("exit.minus_ten"), HV_END_EXIT, -10);
    CHECK(told > told_before);
    expect_end(start_with("console", (struct hv_start){ .memory_kib = 0 }), HV_END_EXIT, 77);
    expect_end(start_small("exit.like_a_crash"), HV_END_EXIT, (int32_t)HV_STATUS_CRASH);
    expect_end(start_small("call_unknown.0x28"), HV_END_CRASH, (int32_t)HV_STATUS_CRASH);
    expect_end(start_small("bad_text.elf"), HV_END_REFUSED, 0);
    judge_crash();
    int32_t id = start_small("loop");
    CHECK_EQUAL(state_of(id).end, HV_END_NONE);
    CHECK_EQUAL(hv_signal((uint32_t)id, HV_SIGNAL_END), 0);
    expect_end(id, HV_END_KILL, 0);
    CHECK(start_small("loop") > 0);     /* one that runs, when its parent ends */
    CHECK(start_small("exit.one") > 0); /* and one that has not begun */
}

int main(void)
{
    test_case();
    return test_result();
}
