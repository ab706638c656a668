/*
 * autorun.c - the plan: guests start (autorun_start.c), are watched, told of (autorun_tell.c), and it ends
 * (autorun_end.c).
 *
 * The stream is written in the plan's order whatever the guests do: verdicts wait for those before them (reported),
 * while rows of guests that run together go out as they come, marked with their names. Nothing here waits for the
 * serial line: what does not fit its buffer is tried again in the next pump, and each function is written to be begun
 * anew.
 */
#include "monitor/autorun.h"

#include "base/frames.h"
#include "base/log.h"
#include "base/string.h"
#include "guest/guest.h"
#include "guest/request.h"
#include "io/usb/usb.h"
#include "monitor/autorun_alarms.h"
#include "monitor/autorun_end.h"
#include "monitor/autorun_snapshot.h"
#include "monitor/autorun_start.h"
#include "monitor/autorun_tell.h"
#include "monitor/autorun_test.h"
#include "monitor/console_dump.h"
#include "monitor/judge.h"
#include "monitor/match_start.h"
#include "monitor/room.h"
#include "monitor/tap.h"
#include "monitor/trace_channel.h"

#define NS_PER_MS 1000000ull
#define TESTS_PER_PUMP 64       /* that are seen to, some 500 instructions each beside the rows that they printed */
#define ALARMS_PER_PUMP 64      /* some 200 each */
#define RELEASES_PER_PUMP 64    /* some 100 each */
#define WORD_BITS 64
#define VERDICTS_PER_PUMP 16    /* so that nobody waits long for a plan of thousands: some 2,000 instructions each */
#define BYTES_PER_PUMP 4096     /* some 30 instructions each; the verdict or rows that pass it come whole */
/*
 * A guest whose time is nearly up is looked at so often, so far apart, for its report: no multiple of a tick, or the
 * looks would find its handler each time.
 */
#define SIGHTS GUEST_SEEN
#define SIGHT_NS (7 * NS_PER_MS)

static struct autorun_test few_tests[CONFIG_AUTORUNS_FEW], *tests = few_tests;
static struct config *plan;
static struct judge_tally tally;
static unsigned reported;           /* tests before this one have their verdict in the stream */
/* A bit for each test whose guest was stirred since it was seen to: most of hundreds that run together are not. */
static uint64_t wants_look[CONFIG_AUTORUNS_MAX / WORD_BITS];
static unsigned attended;           /* in this round, tests before this one were seen to */
static unsigned released;           /* tests before this one have nothing any more */
static uint64_t written_before;     /* this pump, to the stream */
static bool is_cut;                 /* the last pump left something, which nothing else holds up */
static bool is_begun, is_finishing;

/* The tests of a long plan are where its autoruns are, which had room for them. */
static void make_room(struct config *config)
{
    if (config->autorun_count <= CONFIG_AUTORUNS_FEW)
        return;
    struct autorun_test *room = config->get_room(config->autorun_count * sizeof(*room));
    if (room == NULL) {
        log_error("no memory for %u autoruns: the first %u are run", config->autorun_count, CONFIG_AUTORUNS_FEW);
        config->autorun_count = CONFIG_AUTORUNS_FEW;
        return;
    }
    memset(room, 0, config->autorun_count * sizeof(*room));
    tests = room;
}

void autorun_init(struct config *config, const char *loader_notes)
{
    plan = config;
    make_room(config);
    autorun_start_init(config, tests);
    tap_open(config->autorun_count);
    for (unsigned i = 0; i < config->message_count; i++)
        autorun_tell_notes("", config->messages[i]);
    if (config->messages_dropped != 0) {
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_LINE_BYTES);
        if (buffer != NULL)
            tapfmt_text(buffer, "# cobble.cfg: %llu more messages\n", (unsigned long long)config->messages_dropped);
    }
    autorun_tell_notes("loader:", loader_notes);
}

/* When to look at a test's guest for its time-out's report, or to end it. */
static uint64_t next_sight_ns(const struct autorun_test *test, uint64_t now_ns)
{
    uint64_t deadline_ns = judge_deadline_ns(test->guest, now_ns);
    uint64_t before_ns = test->guest->seen.count < SIGHTS ? (SIGHTS - test->guest->seen.count) * SIGHT_NS : 0;

    return deadline_ns == UINT64_MAX || deadline_ns < before_ns ? deadline_ns : deadline_ns - before_ns;
}

/* When its time or its snapshot wants it to be watched: no later, whatever it does. */
static uint64_t alarm_ns(const struct autorun_test *test, uint64_t now_ns)
{
    uint64_t sight_ns = next_sight_ns(test, now_ns), snapshot_ns = autorun_snapshot_next_ns(test);

    return sight_ns < snapshot_ns ? sight_ns : snapshot_ns;
}

/* End guests whose time is up, and notice those that ended by themselves. */
static void watch(struct autorun_test *test, uint64_t now_ns)
{
    struct guest *guest = test->guest;

    if (guest->life.activity != GUEST_ENDED && now_ns >= next_sight_ns(test, now_ns))
        guest_see(guest);
    if (guest->life.activity != GUEST_ENDED && now_ns >= judge_deadline_ns(guest, now_ns))
        request_end(guest, true);
    bool ended = guest->life.activity == GUEST_ENDED;
    vcon_settle(&guest->console.vcon);
    rowlog_still(&guest->console.vcon, now_ns, ended);
    if (!ended)
        autorun_snapshot_look(test, now_ns);
    if (ended && !autorun_snapshot_is_asked(test)) {
        test->phase = PHASE_ENDED;
        test->report = guest->life.report;
    }
}

/* True when there are no more. Bound: RELEASES_PER_PUMP. */
static bool release_guests(void)
{
    for (unsigned i = 0; i < RELEASES_PER_PUMP && released < plan->autorun_count; i++, released++) {
        struct autorun_test *test = &tests[released];
        if (test->guest != NULL)
            request_release(test->guest);
        test->guest = NULL;
        autorun_snapshot_release(test);
        match_release(&test->match);
    }
    return released == plan->autorun_count;
}

static const struct vcon *final_console(unsigned index)
{
    return tests[index].guest != NULL ? &tests[index].guest->console.vcon : NULL;
}

static bool is_verdict_due(void)
{
    return reported < plan->autorun_count && tests[reported].phase == PHASE_ENDED;
}

/* Bound: all that are stirred, some six instructions each. */
static void note_stirred(void)
{
    for (const struct guest *guest = guest_first_stirred(); guest != NULL; guest = guest_next_stirred(guest)) {
        unsigned index = guest->test - 1;
        if (guest->test != 0)
            wants_look[index / WORD_BITS] |= 1ull << index % WORD_BITS;
    }
}

/* The first test from this one on whose bit is set; the plan's length or more: none. Bound: 64 words. */
static unsigned next_wanted(unsigned index)
{
    while (index < plan->autorun_count) {
        uint64_t rest = wants_look[index / WORD_BITS] >> index % WORD_BITS;
        if (rest != 0)
            return index + (unsigned)__builtin_ctzll(rest);
        index = (index / WORD_BITS + 1) * WORD_BITS;
    }
    return index;
}

/* One that ended, and whose snapshot is not there yet, is still wanted. Rows that have no room stir its guest. */
static void see_to(unsigned index, uint64_t now_ns)
{
    struct autorun_test *test = &tests[index];

    if (test->phase == PHASE_RUNNING)
        watch(test, now_ns);
    if (test->phase != PHASE_RUNNING || test->guest->life.activity != GUEST_ENDED)
        wants_look[index / WORD_BITS] &= ~(1ull << index % WORD_BITS);
    if (test->guest != NULL)
        (void)autorun_tell_rows(test, &plan->autoruns[index]);
}

static bool is_much_written(void)
{
    return tap_count() - written_before >= BYTES_PER_PUMP;
}

/* In rounds, so that nobody is left out: where one is cut, the next pump goes on. Bound: both of a pump. */
static void see_to_wanted(uint64_t now_ns)
{
    unsigned index = attended > reported ? attended : reported;

    attended = 0;
    for (unsigned i = 0; (index = next_wanted(index)) < plan->autorun_count; i++) {
        if (i == TESTS_PER_PUMP || (i > 0 && is_much_written())) {
            attended = index;
            is_cut = true;
            return;
        }
        see_to(index++, now_ns);
    }
}

/* Bound: ALARMS_PER_PUMP; what is left is due in the next pump. */
static void ring_alarms(uint64_t now_ns)
{
    unsigned index;

    for (unsigned i = 0; i < ALARMS_PER_PUMP && autorun_alarms_first(&index) <= now_ns; i++) {
        struct autorun_test *test = &tests[index];
        if (test->phase == PHASE_RUNNING && now_ns >= alarm_ns(test, now_ns))
            watch(test, now_ns);
        uint64_t at_ns = test->phase == PHASE_RUNNING ? alarm_ns(test, now_ns) : UINT64_MAX;
        autorun_alarms_delay_first(at_ns > now_ns ? at_ns : now_ns + 1);
    }
}

static void run_tests(uint64_t now_ns)
{
    written_before = tap_count();
    autorun_start_due(reported);
    note_stirred();
    ring_alarms(now_ns);
    see_to_wanted(now_ns);
    for (unsigned i = 0; is_verdict_due(); i++) {
        if (i == VERDICTS_PER_PUMP || (i > 0 && is_much_written())) {
            is_cut = true;
            return;
        }
        if (!autorun_tell_end(&tests[reported], &plan->autoruns[reported], reported + 1, &tally))
            return;             /* the serial line holds it up */
        reported++;
        autorun_start_due(reported);
    }
}

bool autorun_pump(uint64_t now_ns)
{
    if (!is_begun) {
        is_begun = true;
        tally.started_ns = now_ns;
        tally.free_frames_before = frames_count_free() + usb_frames_held() + room_frames_held();
    }
    is_cut = false;
    if (!autorun_end_is_sealed())
        is_cut = autorun_tell_log();
    if (!is_finishing)
        run_tests(now_ns);
    if (!is_finishing && reported == plan->autorun_count) {
        is_finishing = true;
        autorun_end_init(plan, &tally, final_console, release_guests);
    }
    bool more = is_finishing ? autorun_end_pump(now_ns) : true;
    if (tap_is_open())
        (void)tap_pump();
    return more;
}

uint64_t autorun_next_ns(uint64_t now_ns)
{
    unsigned index;

    if (is_cut || autorun_start_is_cut())
        return now_ns;
    return is_finishing ? autorun_end_next_ns() : autorun_alarms_first(&index);
}

void autorun_dump_now(void)
{
    for (unsigned i = is_finishing ? autorun_end_dumped() : 0; plan != NULL && i < plan->autorun_count; i++) {
        if (tests[i].guest != NULL)
            vcon_settle_at_once(&tests[i].guest->console.vcon);
        dump_console(i + 1, plan->autoruns[i].name, final_console(i));
    }
    trace_channel_send_all();
}
