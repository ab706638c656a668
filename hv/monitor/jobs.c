/*
 * jobs.c - the guests that the operator started.
 */
#include "monitor/jobs.h"

#include "base/check.h"
#include "base/format.h"
#include "base/frames.h"
#include "base/log.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/clone.h"
#include "guest/images.h"
#include "guest/request.h"
#include "guest/strict.h"
#include "guest/trace.h"
#include "monitor/shell_output.h"
#include "monitor/tap.h"
#include "monitor/typist.h"

#define NS_PER_MS 1000000ull
#define JOBS_MAX 64
#define ENDED_KEPT 8            /* ended guests whose consoles can still be looked at */
#define FREE_FOR_ROWS 16        /* rows are kept while more than this part of all memory is free */
#define TAIL_ROWS 12            /* rows of a watched guest that stay to be read after its end */
#define TAIL_COLS (VCON_COLS - 3)       /* behind "| ", and the last column stays free */

static struct job {
    uint32_t id;                /* 0: free */
    struct jobs_options options;
    bool announced;
} jobs[JOBS_MAX];
static unsigned job_count;      /* jobs in use; 0 while guests are run by autoruns, whose rows should not wait for us */

static uint32_t waited_for;     /* 0: nothing */
static bool debug_print_default, trace_default;

void jobs_init(bool debug_print, bool trace)
{
    debug_print_default = debug_print;
    trace_default = trace;
}

struct jobs_options jobs_defaults(void)
{
    return (struct jobs_options){ .memory_bytes = GUEST_MEMORY_DEFAULT, .watched = true, .rights = family_no_rights(),
                                  .debug_print = debug_print_default, .trace = trace_default };
}

static struct job *find_job(uint32_t id)
{
    for (struct job *job = jobs; job < jobs + JOBS_MAX; job++) {
        if (job->id == id)
            return job;
    }
    return NULL;
}

/* One at a time: the shell takes no key while it goes on. */
static struct {
    struct request request;
    struct request_start start;
    struct guest_equipment equipment;
    struct clone clone;
    struct image_file file;
    struct jobs_options options;
    char reason[GUEST_REASON_BYTES];
} starting;

/* A page for rows that scroll off a console, as long as the machine has some left for more important things. */
static void *take_row_page(size_t bytes)
{
    static bool is_told;
    hpa_t frame = HPA(0);

    CHECK(bytes <= PAGE_SIZE);
    if (frames_count_free() > frames_count_total() / FREE_FOR_ROWS)
        frame = frames_alloc();
    if (frame.v == 0 && !is_told) {
        is_told = true;
        log_warn("memory is short: consoles keep fewer than %d rows to be scrolled back", SCROLLBACK_ROWS);
    }
    return frame.v != 0 ? hpa_to_ptr(frame) : NULL;
}

static void keep_rows(struct guest *guest)
{
    scrollback_init(&guest->history, take_row_page);
    guest->console.vcon.history = &guest->history;
}

static struct job *add_job(struct guest *guest)
{
    struct job *job = find_job(0);

    job_count++;
    keep_rows(guest);
    *job = (struct job){ .id = guest->life.id, .options = starting.options };
    return job;
}

static void job_started(struct request *request, uint64_t now_ns)
{
    struct guest *guest = request->guest;

    if (guest == NULL) {
        shell_print("%s refused: %s", starting.file.name, starting.reason);
        return;
    }
    struct job *job = add_job(guest);
    guest->family.rights = job->options.rights;
    guest->console.vcon.log = job->options.debug_print ? &guest->row_log : NULL;
    if (job->options.strict)
        strict_enable(guest);
    if (job->options.trace && !trace_enable(guest))
        shell_print("%u %s is not traced: it is a machine of its own, or no memory is left", guest->life.id,
                    guest->life.name);
    typist_launched(guest, -1, now_ns);
    if (job->options.watched)
        request_view(&guest->console);
    else
        shell_print("%u %s runs in the background; console %u shows it", guest->life.id, guest->life.name,
                    guest->life.id);
}

/* Is there room for one more guest of the operator's? Else it is said why not. */
static bool may_have_job(void)
{
    if (tap_is_open())
        shell_print("autoruns are going on: no other guest can be run until they are done");
    else if (find_job(0) == NULL)
        shell_print("%d guests are the most at once: kill one first", JOBS_MAX);
    else
        return true;
    return false;
}

bool jobs_adopt(struct guest *guest)
{
    if (guest->family.parent == NULL) {
        shell_print("adopt: guest %u is the operator's already", guest->life.id);
        return false;
    }
    if (!may_have_job())
        return false;
    family_adopt(guest);
    keep_rows(guest);
    job_count++;
    *find_job(0) = (struct job){ .id = guest->life.id, .options = { .memory_bytes = guest->ram.bytes,
                                                                    .rights = guest->family.rights } };
    return true;
}

static void job_cloned(struct request *request, uint64_t now_ns)
{
    struct guest *source = request->guest, *copy = starting.clone.copy;

    if (copy == NULL) {
        shell_print("%u %s cannot be copied: %s", source->life.id, source->life.name, starting.reason);
        return;
    }
    add_job(copy);
    if (copy->life.paused & GUEST_PAUSED_SNAPSHOT) {
        shell_print("%u %s is a snapshot of guest %u: run %s begins from it", copy->life.id, copy->life.name,
                    source->life.id, copy->life.name);
        return;
    }
    typist_launched(copy, -1, now_ns);
    if (starting.options.watched)
        request_view(&copy->console);
    else
        shell_print("%u %s is a copy of guest %u; console %u shows it", copy->life.id, copy->life.name,
                    source->life.id, copy->life.id);
}

static void post_clone(struct guest *source, const char *name, uint8_t paused)
{
    (void)text_copy(starting.file.name, sizeof(starting.file.name), name);
    starting.clone = (struct clone){ .name = starting.file.name, .paused = paused, .reason = starting.reason };
    starting.request = (struct request){ .answer = job_cloned };
    if (!request_clone(&starting.request, source, &starting.clone))
        shell_print("guest %u has ended", source->life.id);
}

void jobs_clone(struct guest *source, const char *name, bool is_snapshot)
{
    if (!may_have_job())
        return;
    starting.options = jobs_options(source->life.id);
    starting.options.watched = false;
    post_clone(source, name != NULL ? name : source->life.name,
               is_snapshot ? GUEST_PAUSED_SNAPSHOT : source->life.paused & GUEST_PAUSED_BY_OPERATOR);
}

void jobs_start(const char *name, const struct jobs_options *options)
{
    struct guest *snapshot = clone_find_snapshot(name);

    if (!may_have_job())
        return;
    if (snapshot != NULL) {
        starting.options = *options;
        post_clone(snapshot, name, 0);
        return;
    }
    if (!images_find(name, &starting.file)) {
        shell_print("no guest named '%.64s'; ls lists them", name);
        return;
    }
    starting.options = *options;
    starting.start = (struct request_start){
        .name = starting.file.name, .image = starting.file.image, .image_bytes = starting.file.image_bytes,
        .memory_bytes = options->memory_bytes, .debug_print = options->debug_print, .reason = starting.reason,
    };
    if (!equip_find(&options->equip, &starting.start, &starting.equipment, starting.reason)) {
        shell_print("%s refused: %s", starting.file.name, starting.reason);
        return;
    }
    starting.request = (struct request){ .kind = REQUEST_START, .start = &starting.start, .answer = job_started };
    request_post(&starting.request);
}

bool jobs_is_starting(void)
{
    return starting.request.is_queued;
}

struct jobs_options jobs_options(uint32_t id)
{
    const struct job *job = find_job(id);

    return job != NULL ? job->options : (struct jobs_options){ .memory_bytes = 0 };
}

void jobs_wait(uint32_t id)
{
    waited_for = id;
    shell_hold(true);
}

void jobs_describe(const struct guest *guest, char text[32])
{
    static const char *const states[] = {
        [GUEST_READY] = "running", [GUEST_HALTED] = "idle", [GUEST_BLOCKED] = "waits for output",
        [GUEST_PAUSED] = "paused", [GUEST_SPINNING] = "idle, spins",
    };

    if (guest->life.activity != GUEST_ENDED) {
        bool is_snapshot = guest->life.paused & GUEST_PAUSED_SNAPSHOT;
        const char *paused = is_snapshot ? "snapshot" : "paused";
        (void)text_copy(text, 32, guest->life.paused ? paused : states[guest->life.activity]);
        return;
    }
    switch (guest->life.end) {
    case GUEST_END_EXIT: format_string(text, 32, "exit %d", guest->life.status); break;
    case GUEST_END_CRASH: format_string(text, 32, "crash 0x%08x", (unsigned)guest->life.status); break;
    case GUEST_END_TIMEOUT: (void)text_copy(text, 32, "timeout"); break;
    default: (void)text_copy(text, 32, "killed"); break;
    }
}

/* Characters as plain text. Their number without trailing blanks. */
static unsigned make_plain(const uint8_t *characters, unsigned count, char *text)
{
    unsigned length = 0;

    for (unsigned i = 0; i < count; i++) {
        bool plain = characters[i] >= ' ' && characters[i] <= '~';
        text[i] = plain ? (char)characters[i] : characters[i] == '\0' ? ' ' : '?';
        length = text[i] != ' ' ? i + 1 : length;
    }
    return length;
}

static unsigned read_row(const struct vcon *console, unsigned row, unsigned columns, char *text)
{
    return make_plain(vcon_text(console, row), columns, text);
}

/* What a watched guest wrote last, behind "| ", so that it can be read after the view went back to the monitor. */
static void print_tail(const struct vcon *console)
{
    char text[VCON_COLS];
    unsigned used = VCON_ROWS;

    while (used > 0 && read_row(console, used - 1, VCON_COLS, text) == 0)
        used--;
    for (unsigned row = used > TAIL_ROWS ? used - TAIL_ROWS : 0; row < used; row++) {
        unsigned length = read_row(console, row, TAIL_COLS, text);
        shell_print("| %.*s", (int)length, text);
    }
}

/* What it said by its debug print. The rows of its console are on its screen. */
static void print_debug(struct guest *guest)
{
    const uint8_t *record;
    char text[ROWLOG_DEBUG_MAX];

    for (int length; (length = rowlog_take(&guest->row_log, &record)) >= 0;) {
        if (length <= VCON_COLS)
            continue;
        unsigned plain = make_plain(record + 1, record[0], text);
        if (plain != 0)
            shell_print("# %s? %.*s", guest->life.name, (int)plain, text);
    }
}

static void announce(struct job *job, const struct guest *guest)
{
    char state[32];

    jobs_describe(guest, state);
    if (job->options.watched)
        print_tail(&guest->console.vcon);
    shell_print_lines(guest->life.report);
    shell_print("%u %s: %s in %llu ms", guest->life.id, guest->life.name, state,
                (unsigned long long)((guest->life.ended_ns - guest->life.started_ns) / NS_PER_MS));
    if (job->options.watched && console_in_view() == &guest->console)
        request_view(shell_console());
    job->announced = true;
}

/* Ended guests keep a few frames each for their console: the oldest go when there are many. */
static void release_oldest(void)
{
    struct job *oldest = NULL;
    unsigned ended = 0;

    for (struct job *job = jobs; job < jobs + JOBS_MAX; job++) {
        if (job->id == 0 || !job->announced)
            continue;
        ended++;
        if (oldest == NULL || job->id < oldest->id)
            oldest = job;
    }
    if (ended <= ENDED_KEPT)
        return;
    struct guest *guest = guest_find(oldest->id);
    if (guest != NULL)
        request_release(guest);
    oldest->id = 0;
    job_count--;
}

void jobs_pump(void)
{
    if (job_count == 0)
        return;
    for (struct job *job = jobs; job < jobs + JOBS_MAX; job++) {
        struct guest *guest = job->id != 0 && !job->announced ? guest_find(job->id) : NULL;
        if (guest != NULL && job->options.debug_print)
            print_debug(guest);
        if (guest != NULL)
            guest_see(guest);
        if (guest != NULL && guest->life.activity == GUEST_ENDED && !shell_shows_picture())
            announce(job, guest);
    }
    if (waited_for != 0) {
        const struct guest *guest = guest_find(waited_for);
        if (guest == NULL || guest->life.activity == GUEST_ENDED || !shell_is_held()) {
            waited_for = 0;
            shell_hold(false);
        }
    }
    release_oldest();
}
