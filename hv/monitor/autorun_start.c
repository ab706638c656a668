/*
 * autorun_start.c - from a line of the plan to a guest that runs, or to the reason why not.
 *
 * One request is under way at a time: its answer, test_started, asks for the next. A plan that does not run together
 * waits with each test for the verdict on the one before it.
 */
#include "monitor/autorun_start.h"

#include "base/log.h"
#include "base/text.h"
#include "guest/clock.h"
#include "guest/clone.h"
#include "guest/guest.h"
#include "guest/images.h"
#include "guest/request.h"
#include "guest/strict.h"
#include "guest/tick.h"
#include "guest/trace.h"
#include "io/console.h"
#include "monitor/autorun_alarms.h"
#include "monitor/autorun_snapshot.h"
#include "monitor/autorun_test.h"
#include "monitor/config.h"
#include "monitor/equip.h"
#include "monitor/jobs.h"
#include "monitor/match_start.h"
#include "monitor/typist.h"

#define NS_PER_MS 1000000ull
#define STARTS_PER_PUMP 16      /* guests that are looked for, some 2,000 instructions each */

static struct config *plan_begun;
static struct autorun_test *plan_tests;
static unsigned next_start;         /* tests before this one were asked for, or refused */
static unsigned have_verdict;       /* tests before this one */
static bool leaves_some;

static struct {
    struct request request;
    struct request_start start;
    struct guest_equipment equipment;
    struct clone clone;             /* of a snapshot, instead */
    struct image_file file;
    char reason[GUEST_REASON_BYTES];
    unsigned index;
} launching;

static void launch_due(void);

static void refuse_test(unsigned index, const char *reason)
{
    config_refuse(plan_begun, &plan_begun->autoruns[index], reason);
    plan_tests[index].phase = PHASE_ENDED;
}

/* Of one that is to be a snapshot, first that. A copy of one waits for a key, as its source did. */
static void begin_typing(struct autorun_test *test, const struct config_autorun *spec, uint64_t now_ns)
{
    if (spec->snapshot[0] != '\0' && autorun_snapshot_begin(test, spec->snapshot, launching.index, now_ns))
        return;
    typist_launched(test->guest, (int)launching.index, now_ns);
    if (launching.request.kind == REQUEST_CLONE)
        typist_waits(test->guest);
}

/* Before its first turn: what its line of the plan says of it. */
static void set_up_test(struct guest *guest, const struct config_autorun *spec)
{
    guest->life.timeout_ns = spec->timeout_ms * NS_PER_MS;
    guest->state.clock.run = spec->clock == CONFIG_CLOCK_RUN ||
                             (spec->clock == CONFIG_CLOCK_DEFAULT && plan_begun->together);
    if (spec->seed != 0) {
        clock_seed(guest, spec->seed, plan_begun->tick_ms * NS_PER_MS);
        tick_use_run_loop();
    }
    guest->family.rights = spec->rights;
    if (plan_begun->after == CONFIG_AFTER_MONITOR)      /* somebody may look */
        jobs_keep_rows(guest);
    if (spec->strict)
        strict_enable(guest);
    if ((spec->trace || plan_begun->trace) && !trace_enable(guest))
        log_warn("guest %u %s is not traced: %s", guest->life.id, guest->life.name, guest->machine != NULL ?
                 "it is a virtual PC, whose machine instructions are its events" : "no memory is left for it");
}

static void begin_test(struct autorun_test *test, struct guest *guest, uint64_t now_ns)
{
    const struct config_autorun *spec = &plan_begun->autoruns[launching.index];

    test->guest = guest;
    guest->test = launching.index + 1;
    autorun_alarms_add(launching.index, now_ns);
    set_up_test(guest, spec);
    tapfmt_set_prefix(&test->prefix, spec->name);
    test->phase = PHASE_RUNNING;
    request_view(&guest->console);
    begin_typing(test, spec, now_ns);
}

/* A test whose rows nobody sees could not be judged. */
static void test_started(struct request *request, uint64_t now_ns)
{
    struct guest *guest = request->kind == REQUEST_CLONE ? launching.clone.copy : request->guest;

    if (guest == NULL) {
        refuse_test(launching.index, launching.reason);
    } else if (!guest_log_rows(guest)) {
        refuse_test(launching.index, "not enough free memory for the rows that it prints");
        request_end(guest, false);
        request_release(guest);
    } else {
        begin_test(&plan_tests[launching.index], guest, now_ns);
    }
    launch_due();
}

/* What a test begins from: a snapshot, or an image. False: there is none of its name. */
static bool find_beginning(struct config_autorun *spec, struct guest **snapshot)
{
    const char *image = config_autorun_image(spec);

    *snapshot = plan_begun->has_snapshots ? clone_find_snapshot(image) : NULL;
    if (*snapshot == NULL && !images_find(image, &launching.file))
        return false;
    if (image == spec->name)
        (void)text_copy(spec->name, sizeof(spec->name), *snapshot ? (*snapshot)->life.name : launching.file.name);
    return true;
}

static void start_from_snapshot(struct guest *snapshot, const struct config_autorun *spec)
{
    launching.clone = (struct clone){ .name = spec->name, .reason = launching.reason };
    launching.request = (struct request){ .answer = test_started };
    (void)request_clone(&launching.request, snapshot, &launching.clone);
}

/* Ask for the guest of a test, or write its refusal down. */
static void launch(unsigned index)
{
    struct autorun_test *test = &plan_tests[index];
    struct config_autorun *spec = &plan_begun->autoruns[index];
    struct guest *snapshot;

    test->report = "";
    test->phase = PHASE_ENDED;
    if (spec->refused != NULL)
        return;
    if (!find_beginning(spec, &snapshot)) {
        spec->refused = "no guest of this name, neither in \\guests\\ on the boot volume nor in the ramdisk";
        return;
    }
    if (!match_start(&test->match, plan_begun, spec, launching.reason)) {
        refuse_test(index, launching.reason);
        return;
    }
    launching.index = index;
    test->phase = PHASE_STARTING;
    if (snapshot != NULL) {
        start_from_snapshot(snapshot, spec);
        return;
    }
    launching.start = (struct request_start){
        .name = spec->name, .image = launching.file.image, .image_bytes = launching.file.image_bytes,
        .memory_bytes = spec->memory_bytes,
        .debug_print = spec->debug_print == CONFIG_CHOICE_ON ||
                       (spec->debug_print == CONFIG_CHOICE_DEFAULT && plan_begun->debug_print),
        .reason = launching.reason,
    };
    if (!equip_find(&spec->equip, &launching.start, &launching.equipment, launching.reason)) {
        refuse_test(index, launching.reason);
        return;
    }
    launching.request = (struct request){ .kind = REQUEST_START, .start = &launching.start, .answer = test_started };
    request_post(&launching.request);
}

static bool is_start_due(void)
{
    return next_start < plan_begun->autorun_count && (plan_begun->together || next_start == have_verdict) &&
           !launching.request.is_queued && !autorun_snapshot_is_coming(plan_begun, plan_tests, next_start);
}

static void launch_due(void)
{
    for (unsigned i = 0; i < STARTS_PER_PUMP && is_start_due(); i++)
        launch(next_start++);
    leaves_some = is_start_due();
}

void autorun_start_init(struct config *config, struct autorun_test *of_plan)
{
    plan_begun = config;
    plan_tests = of_plan;
    autorun_alarms_init(of_plan);
}

void autorun_start_due(unsigned reported)
{
    have_verdict = reported;
    launch_due();
}

bool autorun_start_is_cut(void)
{
    return leaves_some;
}
