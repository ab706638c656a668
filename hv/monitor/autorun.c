/*
 * autorun.c - the plan: start guests one after another or together, tell their rows, judge their ends, finish.
 *
 * The stream is written in the plan's order whatever the guests do: verdicts wait for those before them (reported),
 * while rows of guests that run together go out as they come, marked with their names. Nothing here waits for the
 * serial line: what does not fit its buffer is tried again in the next pump, and each function is written to be begun
 * anew.
 */
#include "monitor/autorun.h"

#include "base/format.h"
#include "base/frames.h"
#include "base/log.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/clock.h"
#include "guest/guest.h"
#include "guest/request.h"
#include "guest/tick.h"
#include "io/console.h"
#include "io/usb/usb.h"
#include "monitor/console_dump.h"
#include "monitor/autorun_end.h"
#include "monitor/judge.h"
#include "monitor/match_start.h"
#include "monitor/room.h"
#include "guest/images.h"
#include "monitor/tap.h"
#include "monitor/typist.h"

#define NS_PER_MS 1000000ull
#define ROWS_PER_TURN 32        /* of one guest, so that its neighbours' rows are not far behind */
/* In one pump, so that nobody waits long for a plan of thousands: some 2,000 instructions each. */
#define STARTS_PER_PUMP 16      /* guests that are looked for */
#define VERDICTS_PER_PUMP 16
#define LOG_LINES_PER_PUMP 16
/*
 * A guest whose time is nearly up is looked at so often, so far apart, for its report: no multiple of a tick, or the
 * looks would find its handler each time.
 */
#define SIGHTS GUEST_SEEN
#define SIGHT_NS (7 * NS_PER_MS)

enum phase { PHASE_WAITING, PHASE_STARTING, PHASE_RUNNING, PHASE_ENDED, PHASE_REPORTED };

/* One test of the plan; its guest is kept until the whole plan has ended, for the dump and the picture. */
static struct test {
    enum phase phase;
    struct guest *guest;            /* NULL: not launched, or refused */
    uint64_t logged_bytes, dropped_rows;
    bool drops_told;
    const char *report;             /* what is still to be told of the crash report */
    struct tapfmt_prefix prefix;    /* of its rows */
    struct match *match;            /* a frame of its own; NULL: neither rows nor console are judged */
} few_tests[CONFIG_AUTORUNS_FEW], *tests = few_tests;

static struct config *plan;
static struct judge_tally tally;
static unsigned reported;           /* tests before this one have their verdict in the stream */
static unsigned next_start;         /* tests before this one were asked for, or refused */
static bool is_cut;                 /* the last pump left something, which nothing else holds up */
static bool is_begun, is_finishing;

static void write_notes(const char *prefix, const char *text)
{
    while (*text != '\0') {
        const char *end = strchr(text, '\n');
        size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_LINE_BYTES);
        if (buffer != NULL && length > 0)
            tapfmt_comment(buffer, prefix, text, length);
        text += length + (end != NULL ? 1 : 0);
    }
}

/* The tests of a long plan are where its autoruns are, which had room for them. */
static void make_room(struct config *config)
{
    if (config->autorun_count <= CONFIG_AUTORUNS_FEW)
        return;
    struct test *room = config->get_room(config->autorun_count * sizeof(*room));
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
    tap_open(config->autorun_count);
    for (unsigned i = 0; i < config->message_count; i++)
        write_notes("", config->messages[i]);
    if (config->messages_dropped != 0) {
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_LINE_BYTES);
        if (buffer != NULL)
            tapfmt_text(buffer, "# cobble.cfg: %llu more messages\n", (unsigned long long)config->messages_dropped);
    }
    write_notes("loader:", loader_notes);
}

/* Guests are asked for one at a time. */
static struct {
    struct request request;
    struct request_start start;
    struct guest_equipment equipment;
    struct image_file file;
    char reason[GUEST_REASON_BYTES];
    unsigned index;
} launching;

static void launch_due(void);

static void refuse_test(unsigned index, const char *reason)
{
    config_refuse(plan, &plan->autoruns[index], reason);
    tests[index].phase = PHASE_ENDED;
}

/* Before its first turn: what its line of the plan says of it. */
static void test_started(struct request *request, uint64_t now_ns)
{
    struct test *test = &tests[launching.index];
    const struct config_autorun *spec = &plan->autoruns[launching.index];
    struct guest *guest = test->guest = request->guest;

    if (guest == NULL) {
        refuse_test(launching.index, launching.reason);
    } else {
        guest->life.timeout_ns = spec->timeout_ms * NS_PER_MS;
        guest->state.clock.run = spec->clock == CONFIG_CLOCK_RUN ||
                                 (spec->clock == CONFIG_CLOCK_DEFAULT && plan->together);
        if (spec->seed != 0) {
            clock_seed(guest, spec->seed, plan->tick_ms * NS_PER_MS);
            tick_use_run_loop();
        }
        guest->family.rights = spec->rights;
        guest->console.vcon.log = &guest->row_log;
        tapfmt_set_prefix(&test->prefix, spec->name);
        test->phase = PHASE_RUNNING;
        request_view(&guest->console);
        typist_launched(guest, (int)launching.index, now_ns);
    }
    launch_due();
}

/* Ask for the guest of a test, or write its refusal down. */
static void launch(unsigned index)
{
    struct test *test = &tests[index];
    struct config_autorun *spec = &plan->autoruns[index];

    test->report = "";
    test->phase = PHASE_ENDED;
    if (spec->refused != NULL)
        return;
    if (!images_find(spec->name, &launching.file)) {
        spec->refused = "no guest of this name, neither in \\guests\\ on the boot volume nor in the ramdisk";
        return;
    }
    (void)text_copy(spec->name, sizeof(spec->name), launching.file.name);
    if (!match_start(&test->match, plan, spec, launching.reason)) {
        refuse_test(index, launching.reason);
        return;
    }
    launching.index = index;
    launching.start = (struct request_start){
        .name = launching.file.name, .image = launching.file.image, .image_bytes = launching.file.image_bytes,
        .memory_bytes = spec->memory_bytes,
        .debug_print = spec->debug_print == CONFIG_CHOICE_ON ||
                       (spec->debug_print == CONFIG_CHOICE_DEFAULT && plan->debug_print),
        .reason = launching.reason,
    };
    if (!equip_find(&spec->equip, &launching.start, &launching.equipment, launching.reason)) {
        refuse_test(index, launching.reason);
        return;
    }
    test->phase = PHASE_STARTING;
    launching.request = (struct request){ .kind = REQUEST_START, .start = &launching.start, .answer = test_started };
    request_post(&launching.request);
}

static bool is_start_due(void)
{
    return next_start < plan->autorun_count && (plan->together || next_start == reported) &&
           !launching.request.is_queued;
}

static void launch_due(void)
{
    for (unsigned i = 0; i < STARTS_PER_PUMP && is_start_due(); i++)
        launch(next_start++);
    is_cut |= is_start_due();
}

/* When to look at a test's guest for its time-out's report, or to end it. */
static uint64_t next_sight_ns(const struct test *test, uint64_t now_ns)
{
    uint64_t deadline_ns = judge_deadline_ns(test->guest, now_ns);
    uint64_t before_ns = test->guest->seen.count < SIGHTS ? (SIGHTS - test->guest->seen.count) * SIGHT_NS : 0;

    return deadline_ns == UINT64_MAX || deadline_ns < before_ns ? deadline_ns : deadline_ns - before_ns;
}

/* End guests whose time is up, and notice those that ended by themselves. */
static void watch(struct test *test, uint64_t now_ns)
{
    struct guest *guest = test->guest;

    if (guest->life.activity != GUEST_ENDED && now_ns >= next_sight_ns(test, now_ns))
        guest_see(guest);
    if (guest->life.activity != GUEST_ENDED && now_ns >= judge_deadline_ns(guest, now_ns))
        request_end(guest, true);
    bool ended = guest->life.activity == GUEST_ENDED;
    vcon_settle(&guest->console.vcon);
    rowlog_still(&guest->console.vcon, now_ns, ended);
    if (ended) {
        test->phase = PHASE_ENDED;
        test->report = guest->life.report;
    }
}

/* Write rows that a guest's log holds, in their turn. True when none is left. */
static bool drain_rows(struct test *test, const struct config_autorun *spec)
{
    const uint8_t *row;

    for (unsigned i = 0; i < ROWS_PER_TURN; i++) {
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_DEBUG_BYTES);
        if (buffer == NULL)
            return false;
        int length = rowlog_take(&test->guest->row_log, &row);
        size_t before = buffer->used;
        if ((unsigned)length <= VCON_COLS)
            tapfmt_row(buffer, &test->prefix, row, (size_t)length);
        else if (length < 0)
            return true;
        else
            tapfmt_debug(buffer, spec->name, row + 1, row[0]);
        if (test->match != NULL)
            match_logged(test->match, row, length);
        if (test->dropped_rows != 0 || test->logged_bytes + (buffer->used - before) > spec->output_bytes) {
            buffer->used = before;
            test->dropped_rows++;
        }
        test->logged_bytes += buffer->used - before;
    }
    return false;
}

/* The crash report, line by line. True when all is told. */
static bool write_report(struct test *test, const char *name)
{
    char prefix[GUEST_NAME_BYTES + 2];

    format_string(prefix, sizeof(prefix), "%s!", name);
    while (*test->report != '\0') {
        const char *end = strchr(test->report, '\n');
        size_t length = end != NULL ? (size_t)(end - test->report) : strlen(test->report);
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_LINE_BYTES + length);
        if (buffer == NULL)
            return false;
        tapfmt_comment(buffer, prefix, test->report, length);
        test->report += length + (end != NULL ? 1 : 0);
    }
    return true;
}

/* Everything that is told of a test that ended, in order. True when its verdict is in the stream. */
static bool report_test(unsigned index)
{
    struct test *test = &tests[index];
    const struct config_autorun *spec = &plan->autoruns[index];

    if (test->guest != NULL && !drain_rows(test, spec))
        return false;
    uint64_t dropped = test->dropped_rows + (test->guest != NULL ? test->guest->row_log.dropped_rows : 0);
    if (dropped != 0 && !test->drops_told) {
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_LINE_BYTES);
        if (buffer == NULL)
            return false;
        tapfmt_text(buffer, "# %s: %llu rows dropped, more than output=%llu bytes\n", spec->name,
                    (unsigned long long)dropped, (unsigned long long)spec->output_bytes);
        test->drops_told = true;
    }
    if (!write_report(test, spec->name))
        return false;
    struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_VERDICT_BYTES);
    if (buffer == NULL)
        return false;
    judge_write(buffer, index + 1, spec, test->guest, test->match, &tally);
    test->phase = PHASE_REPORTED;
    return true;
}

static void write_log_lines(void)
{
    char line[TAPFMT_LINE_BYTES / 2];
    char prefix[16];

    for (unsigned i = 0; i < LOG_LINES_PER_PUMP; i++) {
        struct tapfmt_buffer *buffer = tap_take_buffer(TAPFMT_LINE_BYTES);
        if (buffer == NULL)
            return;
        int level = log_take(line, sizeof(line));
        if (level < 0)
            return;
        format_string(prefix, sizeof(prefix), "%s:", log_level_name((enum log_level)level));
        tapfmt_comment(buffer, prefix, line, strlen(line));
    }
    is_cut = true;
}

static void release_guests(void)
{
    for (unsigned i = 0; i < plan->autorun_count; i++) {
        if (tests[i].guest != NULL)
            request_release(tests[i].guest);
        tests[i].guest = NULL;
        match_release(&tests[i].match);
    }
}

static const struct vcon *final_console(unsigned index)
{
    return tests[index].guest != NULL ? &tests[index].guest->console.vcon : NULL;
}

static bool is_verdict_due(void)
{
    return reported < plan->autorun_count && tests[reported].phase == PHASE_ENDED;
}

static void run_tests(uint64_t now_ns)
{
    launch_due();
    for (unsigned i = reported; i < plan->autorun_count; i++) {
        if (tests[i].phase == PHASE_RUNNING)
            watch(&tests[i], now_ns);
        if (tests[i].guest != NULL)
            (void)drain_rows(&tests[i], &plan->autoruns[i]);
    }
    for (unsigned i = 0; is_verdict_due(); i++) {
        if (i == VERDICTS_PER_PUMP) {
            is_cut = true;
            return;
        }
        if (!report_test(reported))
            return;             /* the serial line holds it up */
        reported++;
        launch_due();
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
        write_log_lines();
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
    uint64_t next_ns = is_finishing ? autorun_end_next_ns() : UINT64_MAX;

    if (is_cut)
        return now_ns;
    for (unsigned i = reported; i < plan->autorun_count; i++) {
        if (tests[i].phase != PHASE_RUNNING)
            continue;
        uint64_t sight_ns = next_sight_ns(&tests[i], now_ns);
        next_ns = sight_ns < next_ns ? sight_ns : next_ns;
    }
    return next_ns;
}

void autorun_dump_now(void)
{
    for (unsigned i = is_finishing ? autorun_end_dumped() : 0; plan != NULL && i < plan->autorun_count; i++) {
        if (tests[i].guest != NULL)
            vcon_settle_at_once(&tests[i].guest->console.vcon);
        dump_console(i + 1, plan->autoruns[i].name, final_console(i));
    }
}
