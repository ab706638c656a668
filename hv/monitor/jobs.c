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
#include "monitor/jobs_tell.h"
#include "monitor/shell_output.h"
#include "monitor/tap.h"
#include "monitor/typist.h"

#define JOBS_MAX 64
#define ENDED_KEPT 8            /* ended guests whose consoles can still be looked at */
#define FREE_FOR_ROWS 16        /* rows are kept while more than this part of all memory is free */

static struct job {
    uint32_t id;                /* 0: free */
    hpa_t texts;                /* the page of options.equip's texts; HPA_NONE: there are none, or no memory was left */
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
    char name[GUEST_NAME_BYTES];
    char reason[GUEST_REASON_BYTES];
    char texts[PAGE_SIZE];      /* of options.equip */
} starting;

/* What a virtual PC was given, into a page: all of it stood on one line (line_words.h), each behind a word's name. */
static void copy_texts(struct equip *equip, char page[PAGE_SIZE])
{
    size_t used = 0;

    for (unsigned i = 0; i < EQUIP_TEXTS; i++) {
        if (equip->texts[i] == NULL)
            continue;
        size_t bytes = strlen(equip->texts[i]) + 1;
        CHECK(used + bytes <= PAGE_SIZE);
        memmove(page + used, equip->texts[i], bytes);
        equip->texts[i] = page + used;
        used += bytes;
    }
}

/* So that it can be given once more. Without memory it cannot. */
static void keep_texts(struct job *job)
{
    struct equip *equip = &job->options.equip;

    if (!equip->is_machine)
        return;
    job->texts = frames_alloc();
    if (job->texts.v)
        copy_texts(equip, hpa_to_ptr(job->texts));
    else
        memset(equip->texts, 0, sizeof(equip->texts));  /* starting.texts are another's soon */
}

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

void jobs_keep_rows(struct guest *guest)
{
    scrollback_init(&guest->history, take_row_page);
    guest->console.vcon.history = &guest->history;
}

static struct job *add_job(struct guest *guest)
{
    struct job *job = find_job(0);

    job_count++;
    jobs_keep_rows(guest);
    *job = (struct job){ .id = guest->life.id, .options = starting.options };
    keep_texts(job);
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
    if (job->options.debug_print && !guest_log_rows(guest))
        shell_print("%u %s is not shown to call the debug print: no memory is left", guest->life.id, guest->life.name);
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
    jobs_keep_rows(guest);
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
    (void)text_copy(starting.name, sizeof(starting.name), name);
    copy_texts(&starting.options.equip, starting.texts);        /* whose they are may be gone when the copy is there */
    starting.clone = (struct clone){ .name = starting.name, .paused = paused, .reason = starting.reason };
    starting.request = (struct request){ .answer = job_cloned };
    if (!request_clone(&starting.request, source, &starting.clone))
        shell_print("guest %u has ended", source->life.id);
}

void jobs_clone(struct guest *source, const char *name, bool is_snapshot)
{
    if (!may_have_job())
        return;
    starting.options = jobs_options(source->life.id);
    if (starting.options.memory_bytes == 0)             /* another guest's, which the copy will not be */
        starting.options = (struct jobs_options){ .memory_bytes = source->ram.bytes, .rights = source->family.rights };
    starting.options.watched = false;
    post_clone(source, name != NULL ? name : source->life.name,
               is_snapshot ? GUEST_PAUSED_SNAPSHOT : source->life.paused & GUEST_PAUSED_BY_OPERATOR);
}

static void begin_from_snapshot(struct guest *snapshot, const char *name, const struct jobs_options *options)
{
    starting.options = *options;
    starting.options.snapshot = snapshot->life.id;
    post_clone(snapshot, name, 0);
}

/* starting.file and starting.name are there. */
static void begin_from_image(const struct jobs_options *options)
{
    starting.options = *options;
    copy_texts(&starting.options.equip, starting.texts);
    starting.start = (struct request_start){
        .name = starting.name, .image = starting.file.image, .image_bytes = starting.file.image_bytes,
        .memory_bytes = options->memory_bytes, .debug_print = options->debug_print, .reason = starting.reason,
    };
    if (!equip_find(&starting.options.equip, &starting.start, &starting.equipment, starting.reason)) {
        shell_print("%s refused: %s", starting.file.name, starting.reason);
        return;
    }
    starting.request = (struct request){ .kind = REQUEST_START, .start = &starting.start, .answer = job_started };
    request_post(&starting.request);
}

void jobs_start(const char *name, const char *as, const struct jobs_options *options)
{
    struct guest *snapshot = clone_find_snapshot(name);

    if (!may_have_job())
        return;
    if (snapshot != NULL) {
        begin_from_snapshot(snapshot, as != NULL ? as : name, options);
        return;
    }
    if (!images_find(name, &starting.file)) {
        shell_print("no guest named '%.64s'; ls lists them", name);
        return;
    }
    (void)text_copy(starting.name, sizeof(starting.name), as != NULL ? as : starting.file.name);
    begin_from_image(options);
}

/* The image that a guest was made from, into starting.file. Bound: a walk over all images, as ls does. */
static bool find_image_of(const struct guest *guest)
{
    struct images_position position = { 0 };

    while (guest->image.bytes != NULL && images_next(&position, &starting.file)) {
        if (starting.file.image == guest->image.bytes)
            return true;
    }
    return false;
}

void jobs_restart(struct guest *guest)
{
    struct jobs_options options = jobs_options(guest->life.id);
    struct guest *snapshot = options.snapshot != 0 ? guest_find(options.snapshot) : NULL;

    if (!may_have_job())
        return;
    options.watched = false;
    if (options.snapshot != 0) {
        if (snapshot == NULL || snapshot->life.activity == GUEST_ENDED) {
            shell_print("restart: snapshot %u, which it began from, is gone", options.snapshot);
            return;
        }
        request_end(guest, false);
        begin_from_snapshot(snapshot, guest->life.name, &options);
        return;
    }
    if (options.equip.is_machine && !find_job(guest->life.id)->texts.v) {
        shell_print("restart: what this virtual PC was given was not kept, as no memory was left: run it again");
        return;
    }
    if (!find_image_of(guest)) {
        shell_print("restart: its image is gone: the guest that started it had it in its own memory");
        return;
    }
    (void)text_copy(starting.name, sizeof(starting.name), guest->life.name);
    request_end(guest, false);
    begin_from_image(&options);
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

static void announce(struct job *job, const struct guest *guest)
{
    jobs_tell_end(guest, job->options.watched);
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
    if (oldest->texts.v)
        frames_free(oldest->texts);
    *oldest = (struct job){ .id = 0 };
    job_count--;
}

void jobs_pump(void)
{
    if (job_count == 0)
        return;
    for (struct job *job = jobs; job < jobs + JOBS_MAX; job++) {
        struct guest *guest = job->id != 0 && !job->announced ? guest_find(job->id) : NULL;
        if (guest != NULL && job->options.debug_print)
            jobs_tell_debug(guest);
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
