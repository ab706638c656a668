/*
 * same_image.c - guests launched from the same file, by name: their RAM begins as the file says, whatever the others
 * have written by then, and what one writes, to data and to code, nobody else sees.
 *
 * "writer" is that file, long enough for a launch to be cut. Its RAM in KiB tells what it does: at SMALL_KIB, or
 * PAGED_KIB with paging on, it is the oldest, which leaves its pages alone for a while, with leaves that allow it to
 * write them; beyond it writes half of its pages at once, and the others later. "launches" starts them a tick apart, so
 * that each meets the others anywhere.
 */
#include "lib/children.h"
#include "lib/paging.h"

#define DATA_PAGES 280u                 /* more than START_STEPS of service.c */
#define AS_LOADED 0x600DDA7Au
#define CODE_SAYS 0x5AFEC0DEu
#define WORDS (PAGE_BYTES / 4)
#define PAGED_KIB (SMALL_KIB - 4)       /* the oldest with paging on */
#define WRITERS 6u
#define OLDEST_RESTS 6u                 /* ticks */
#define OLDEST_ENDS 60u
#define CODE_TICK 24u                   /* when it writes its code */
#define WITHDRAWN 20u
#define WITHDRAWN_TRIES 2000u
#define BEGUN_FRAMES 10                 /* for its struct, tables and records */
#define WRITER_RESTS 3u
#define FAR 0x400000u                   /* to FAR_END: more than a page of counts is for, 8 MiB */
#define FAR_END 0x1600000u

static uint32_t data[DATA_PAGES][WORDS] = { [0 ... DATA_PAGES - 1] = { [0 ... WORDS - 1] = AS_LOADED } };
static uint32_t expected[DATA_PAGES];

/* A page of code, and what its function returns: the word behind MOV's opcode. */
extern uint32_t code_word;
uint32_t code_says(void);
__asm__(".section .text.code_says,\"ax\"\n"
        ".balign 4096\n"
        ".fill 4095, 1, 0x90\n"
        ".globl code_says, code_word\n"
        "code_says: .byte 0xB8\n"
        "code_word: .long 0x5AFEC0DE\n"
        "ret\n"
        ".balign 4096, 0x90\n"
        ".text");

static void sleep_ticks(uint32_t count)
{
    while (count-- > 0)
        hlt();
}

/* Every word, or the first and the last of each page and the one that it writes. */
static void check_words(uint32_t code, uint32_t distance)
{
    uint32_t wrong = 0;

    for (uint32_t page = 0; page < DATA_PAGES; page++) {
        wrong += ((volatile uint32_t *)data[page])[page] != expected[page];
        for (uint32_t word = 0; word < WORDS; word += distance)
            wrong += word != page && ((volatile uint32_t *)data[page])[word] != AS_LOADED;
    }
    CHECK_EQUAL(wrong, 0);
    CHECK_EQUAL(code_says(), code);
}

static void check_all(uint32_t code)
{
    check_words(code, WORDS - 1);
}

static void write_page(uint32_t page, uint32_t value)
{
    expected[page] = value;
    ((volatile uint32_t *)data[page])[page] = value;
}

/* All its pages can be written without a fault when the others come, and are not, until it begins to. */
static void be_oldest(void)
{
    check_all(CODE_SAYS);
    for (uint32_t page = 0; page < DATA_PAGES; page++)
        write_page(page, AS_LOADED);
    sleep_ticks(OLDEST_RESTS);
    for (uint32_t tick = 0; tick < OLDEST_ENDS; tick++) {
        write_page(tick % DATA_PAGES, tick);
        if (tick == CODE_TICK)
            *(volatile uint32_t *)&code_word = tick;
        check_all(tick < CODE_TICK ? CODE_SAYS : CODE_TICK);
        sleep_ticks(1);
    }
    check_words(CODE_TICK, 1);
}

static void be_writer(uint32_t number)
{
    check_words(CODE_SAYS, 1);
    sleep_ticks(WRITER_RESTS);
    for (uint32_t page = number & 1; page < DATA_PAGES; page += 2)
        write_page(page, number);
    check_all(CODE_SAYS);
    sleep_ticks(WRITER_RESTS);
    check_all(CODE_SAYS);
    for (uint32_t page = 0; page < DATA_PAGES; page++)
        write_page(page, number << 8 | page);
    *(volatile uint32_t *)&code_word = number;
    check_all(number);
    sleep_ticks(WRITER_RESTS);
    check_words(number, 1);
}

CASE(writer)
{
    uint32_t kib = sdk_memory_bytes() / 1024, number = (kib - SMALL_KIB) / 4;

    for (uint32_t page = 0; page < DATA_PAGES; page++)
        expected[page] = AS_LOADED;
    traps_record(true);
    event_handle(HV_SLOT_TIMER, children_ignore, true);
    hv_enable_interrupts();
    if (kib == PAGED_KIB || number % 3 == 1)
        hv_setpd(pd_make(), 1);
    else if (number % 3 == 2)
        hv_setpd(pd_make(), 0);
    if (kib <= SMALL_KIB)
        be_oldest();
    else
        be_writer(number);
    hv_exit(test_result() == 0 ? (int32_t)(kib - SMALL_KIB) : -1);
}

static int32_t start_writer(uint32_t kib)
{
    int32_t id = children_start("same_image.writer", (struct hv_start){ .memory_kib = kib });

    CHECK(id > 0);
    return id;
}

/* The oldest one's pages are as loaded, and those of the next are its own: as soon as it is there, it has them. */
static void check_is_shared(int32_t id)
{
    while (children_state(id).state == HV_CHILD_STARTING)
        pause();
    struct hv_child child = children_state(id);
    CHECK(child.shared_kib >= (DATA_PAGES + 1) * PAGE_BYTES / 1024);
    CHECK(child.shared_kib <= child.touched_kib);
}

static void launch_all(uint32_t oldest_kib)
{
    int32_t oldest = start_writer(oldest_kib), ids[WRITERS];

    sleep_ticks(3);
    CHECK_EQUAL(children_state(oldest).shared_kib, 0);
    for (uint32_t i = 0; i < WRITERS; i++) {
        ids[i] = start_writer(SMALL_KIB + 4 * (i + 1));
        if (i == 0)
            check_is_shared(ids[i]);
        sleep_ticks(i);
    }
    for (uint32_t i = 0; i < WRITERS; i++)
        children_expect_end(ids[i], HV_END_EXIT, (int32_t)(4 * (i + 1)));
    children_expect_end(oldest, HV_END_EXIT, (int32_t)(oldest_kib - SMALL_KIB));
}

CASE(launches)
{
    children_begin();
    launch_all(SMALL_KIB);
    launch_all(PAGED_KIB);
}

/* Whose pages they were may go: they stay for whoever has them, and for who comes then. */
CASE(one_ends)
{
    children_begin();
    int32_t oldest = start_writer(SMALL_KIB), next = start_writer(SMALL_KIB + 4);

    check_is_shared(next);
    (void)hv_signal((uint32_t)oldest, HV_SIGNAL_FORGET);
    int32_t third = start_writer(SMALL_KIB + 8);
    children_expect_end(next, HV_END_EXIT, 4);
    children_expect_end(third, HV_END_EXIT, 8);
}

static void write_far(uint32_t value)
{
    for (uint32_t at = FAR; at < FAR_END; at += PAGE_BYTES)
        *(volatile uint32_t *)(uintptr_t)at = at ^ value;
}

/*
 * Who shared with a copy that ended has frames that may be another's, for all that they say, and no count says so. Then
 * others share, and there are counts again, for these: what the first writes now was a panic.
 */
CASE(left_alone)
{
    children_begin();
    write_far(1);
    int32_t copy = hv_clone(0, 0);
    if (copy == 0)
        hv_exit(3);
    children_expect_end(copy, HV_END_EXIT, 3);
    int32_t oldest = start_writer(SMALL_KIB), next = start_writer(SMALL_KIB + 4);
    check_is_shared(next);
    write_far(2);
    uint32_t wrong = 0;
    for (uint32_t at = FAR; at < FAR_END; at += PAGE_BYTES)
        wrong += *(volatile uint32_t *)(uintptr_t)at != (at ^ 2);
    CHECK_EQUAL(wrong, 0);
    (void)hv_signal((uint32_t)oldest, HV_SIGNAL_FORGET);
    children_expect_end(next, HV_END_EXIT, 4);
}

static uint32_t frames_free(void)
{
    struct hv_counters counters;

    (void)hv_counters(&counters, sizeof(counters));
    return (uint32_t)counters.frames_free;
}

/* It is not wanted any more. Had its launch begun, and not ended? */
static bool withdraw_one(void)
{
    uint32_t before = frames_free(), id = (uint32_t)start_writer(SMALL_KIB + 4);
    /* More may be free by now than before: what guests that ended had comes back in pieces. */
    bool is_begun = (int32_t)(before - frames_free()) >= BEGUN_FRAMES &&
                    children_state((int32_t)id).state == HV_CHILD_STARTING;

    CHECK_EQUAL(hv_signal(id, HV_SIGNAL_FORGET), 0);
    return is_begun;
}

/* The first that it starts, whoever else runs this file: it has nobody's pages, and so has held nobody. */
CASE(asks)
{
    children_begin();
    int32_t id = start_writer(SMALL_KIB);
    while (children_state(id).state == HV_CHILD_STARTING)
        pause();
    CHECK(children_state(id).touched_kib != 0);
    CHECK_EQUAL(children_state(id).shared_kib, 0);
    hv_exit(test_result());
}

/* A guest of another's: who starts the same file hears nothing of it, and does not make it stand still. */
CASE(strangers)
{
    children_begin();
    int32_t oldest = start_writer(SMALL_KIB);
    struct hv_start start = { .memory_kib = SMALL_KIB, .flags = HV_START_CONTROL };
    children_expect_end(children_start("same_image.asks", start), HV_END_EXIT, 0);
    CHECK(children_state(oldest).state != HV_CHILD_ENDED);
    children_expect_end(oldest, HV_END_EXIT, 0);
}

/* Nobody wants the next ones, the last of which is half done: the oldest, which was held for it, goes on. */
CASE(withdrawn)
{
    uint32_t count = 0;

    children_begin();
    int32_t oldest = start_writer(SMALL_KIB);
    sleep_ticks(3);
    for (uint32_t i = 0; count < WITHDRAWN && i < WITHDRAWN_TRIES; i++)
        count += withdraw_one();
    CHECK_EQUAL(count, WITHDRAWN);
    children_expect_end(oldest, HV_END_EXIT, 0);
}

int main(void)
{
    test_case();
    return test_result();
}
