/*
 * give_back.c - what hv_give_back takes is the machine's, and reads as zero; and the machine asks for it when it is
 * short.
 *
 * hv_counters tells how many frames the machine has left, and nobody but the hypervisor takes any meanwhile, which is a
 * few; what the guest before had is waited for. "paging_off" and "paging_on" touch a run of frames, give it back, find
 * so many more free, read zeroes, and write again; with paging on also through other addresses that map the run, user
 * and read-only ones among them, and through a page table that was in it. "errors" are ranges that are not RAM.
 * "balloon" takes nearly all that the machine has, and waits for HV_SLOT_MESSAGE; "launch" takes all, ignores that, and
 * starts a guest, which must wait until this one has answered.
 */
#include "lib/paging.h"

#define FIRST 2048u             /* 8 MiB: behind the image, and in RAM of every size */
#define COUNT 600u
#define STILL_FREE 12u          /* frames: too few for the smallest launch */
#define SETTLED_TICKS 20u       /* one piece each at least, of 1,000 frames: 78 MiB */
#define MARK 0x0BACC000u

static uint32_t frames_left(uint32_t *total)
{
    struct hv_counters counters;

    hv_counters(&counters, sizeof(counters));
    if (total != NULL)
        *total = (uint32_t)counters.frames_total;
    return (uint32_t)counters.frames_free;
}

static volatile uint32_t ticks, messages, last_message, ends;

static void on_tick(struct event *event)
{
    (void)event;
    ticks++;
}

static void on_message(struct event *event)
{
    messages++;
    last_message = event->error;
}

static void on_child(struct event *event)
{
    (void)event;
    ends++;
}

static void listen(void)
{
    event_handle(HV_SLOT_TIMER, on_tick, true);
    event_handle(HV_SLOT_KEYBOARD, on_tick, true);
    event_handle(HV_SLOT_MESSAGE, on_message, true);
    event_handle(HV_SLOT_CHILD, on_child, true);
    hv_enable_interrupts();
}

/*
 * The guest that ended before this one is taken apart while this one runs, a piece between two turns, and may have had
 * no frames in most of its RAM: wait until nothing has come back over more pieces than it can have.
 */
static void let_settle(void)
{
    listen();
    for (uint32_t same = 0; same < SETTLED_TICKS;) {
        uint32_t before = frames_left(NULL);
        hlt();
        same = frames_left(NULL) == before ? same + 1 : 0;
    }
    hv_disable_interrupts();
}

static void fill(uint32_t first, uint32_t count)
{
    for (uint32_t frame = first; frame < first + count; frame++) {
        frame_words(frame * PAGE_BYTES)[0] = MARK | frame;
        frame_words(frame * PAGE_BYTES)[1023] = MARK ^ frame;
    }
}

static uint32_t count_filled(uint32_t first, uint32_t count)
{
    uint32_t filled = 0;

    for (uint32_t frame = first; frame < first + count; frame++)
        filled += frame_words(frame * PAGE_BYTES)[0] == (MARK | frame) &&
                  frame_words(frame * PAGE_BYTES)[1023] == (MARK ^ frame);
    return filled;
}

static uint32_t count_zero(uint32_t first, uint32_t count)
{
    uint32_t zero = 0;

    for (uint32_t frame = first; frame < first + count; frame++)
        zero += frame_words(frame * PAGE_BYTES)[0] == 0 && frame_words(frame * PAGE_BYTES)[1023] == 0;
    return zero;
}

/* The machine has so many left, but for what the hypervisor takes for itself, as for rows that scroll off. */
static bool has_left(uint32_t frames)
{
    return frames_left(NULL) - frames + 8 <= 16;
}

/* The neighbours on both sides stay. */
static void give_and_look(void)
{
    fill(FIRST - 1, COUNT + 2);
    uint32_t before = frames_left(NULL);
    CHECK_EQUAL(hv_give_back(FIRST, COUNT), 0);
    CHECK(has_left(before + COUNT));
    CHECK_EQUAL(hv_give_back(FIRST, COUNT), 0);
    CHECK(has_left(before + COUNT));
    CHECK_EQUAL(count_filled(FIRST - 1, 1) + count_filled(FIRST + COUNT, 1), 2);
    CHECK_EQUAL(count_zero(FIRST, COUNT), COUNT);
    CHECK(has_left(before));
    fill(FIRST, COUNT);
    CHECK_EQUAL(count_filled(FIRST, COUNT), COUNT);
}

CASE(paging_off)
{
    let_settle();
    give_and_look();
}

CASE(paging_on)
{
    let_settle();
    traps_record(true);
    uint32_t pd = pd_make();
    hv_setpd(pd, 1);
    give_and_look();
    for (uint32_t i = 0; i < COUNT; i++)
        page_map(pd, FREE_GVA + i * PAGE_BYTES, (FIRST + i) * PAGE_BYTES, i % 2 ? ENTRY_USER : ENTRY_USER_READ);
    for (uint32_t i = 0; i < COUNT; i++)
        CHECK_EQUAL(user_get(FREE_GVA + i * PAGE_BYTES), MARK | (FIRST + i));
    CHECK_EQUAL(user_put(FREE_GVA + PAGE_BYTES, 5), DONE);
    CHECK_EQUAL(hv_give_back(FIRST, COUNT), 0);
    for (uint32_t i = 0; i < COUNT; i++)
        CHECK_EQUAL(user_get(FREE_GVA + i * PAGE_BYTES), 0);
    CHECK_EQUAL(user_put(FREE_GVA + PAGE_BYTES, 6), DONE);
    CHECK_EQUAL(frame_words((FIRST + 1) * PAGE_BYTES)[0], 6);
    /* The table itself, which is still linked: all that it mapped is gone. */
    CHECK_EQUAL(hv_give_back(*pd_entry(pd, FREE_GVA) / PAGE_BYTES, 1), 0);
    CHECK_EQUAL(user_get(FREE_GVA), PF(PF_U));
    page_map(pd, FREE_GVA, (FIRST + 1) * PAGE_BYTES, ENTRY_USER);
    CHECK_EQUAL(user_get(FREE_GVA), 6);
}

CASE(errors)
{
    uint32_t frames = sdk_memory_bytes() / PAGE_BYTES;

    fill(FIRST, COUNT);
    CHECK_EQUAL(hv_give_back(frames, 1), HV_ERROR_ARGUMENT);
    CHECK_EQUAL(hv_give_back(frames - 1, 2), HV_ERROR_ARGUMENT);
    CHECK_EQUAL(hv_give_back(FIRST, 0xFFFFFFFF), HV_ERROR_ARGUMENT);
    CHECK_EQUAL(hv_give_back(0xFFFFFFFF, 2), HV_ERROR_ARGUMENT);
    CHECK_EQUAL(hv_give_back(0xFFFFFFFF, 0xFFFFFFFF), HV_ERROR_ARGUMENT);
    CHECK_EQUAL(hv_give_back(frames, 0), 0);
    CHECK_EQUAL(hv_give_back(frames - 1, 1), 0);
    CHECK_EQUAL(hv_give_back(FIRST, 0), 0);
    CHECK_EQUAL(count_filled(FIRST, COUNT), COUNT);
}

/* For guests without the right there is no such call. */
CASE(no_right)
{
    hv_give_back(FIRST, 1);
}

/* Until *count is not what it was, for a second at most. */
static bool waits_for(const volatile uint32_t *count, uint32_t before)
{
    for (uint32_t end = ticks + 100; *count == before && (int32_t)(ticks - end) < 0;)
        hlt();
    return *count != before;
}

/* Touch frames until the machine has so few left; how many that were. */
static uint32_t take_until(uint32_t still_free)
{
    uint32_t count = 0;

    while (frames_left(NULL) > still_free && FIRST + count < sdk_memory_bytes() / PAGE_BYTES)
        fill(FIRST + count++, 1);
    return count;
}

CASE(balloon)
{
    uint32_t total;

    frames_left(&total);
    let_settle();
    listen();
    CHECK_EQUAL(messages, 0);
    uint32_t count = take_until(total / 40);
    CHECK(waits_for(&messages, 0));
    CHECK_EQUAL(last_message, HV_MESSAGE_MEMORY);
    uint32_t before = frames_left(NULL);
    CHECK_EQUAL(hv_give_back(FIRST, count), 0);
    CHECK(has_left(before + count));
    uint32_t heard = messages;
    CHECK(!waits_for(&messages, heard));
}

CASE(launch)
{
    static const char name[] = "exit.one";
    const struct hv_start start = { .name = address_of(name) };
    struct hv_child child;

    listen();
    uint32_t count = take_until(STILL_FREE);
    hv_disable_interrupts();
    uint32_t heard = messages;
    int32_t id = hv_start(&start, sizeof(start));
    CHECK(id > 0);
    hv_enable_interrupts();
    CHECK(waits_for(&messages, heard));
    CHECK_EQUAL(hv_give_back(FIRST, count), 0);
    CHECK(waits_for(&ends, 0));
    CHECK(hv_state((uint32_t)id, HV_STATE_CHILD, &child, sizeof(child)) > 0);
    CHECK_EQUAL(child.end, HV_END_EXIT);
    CHECK_EQUAL(child.status, 1);
}

int main(void)
{
    test_case();
    return test_result();
}
