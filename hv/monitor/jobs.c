/*
 * jobs.c - the guests that the operator started.
 */
#include "monitor/jobs.h"

#include "base/format.h"
#include "base/string.h"
#include "base/text.h"
#include "guest/images.h"
#include "monitor/shell.h"
#include "monitor/tap.h"
#include "monitor/typist.h"

#define NS_PER_MS 1000000ull
#define JOBS_MAX 64
#define ENDED_KEPT 8            /* ended guests whose consoles can still be looked at */
#define TAIL_ROWS 12            /* rows of a watched guest that stay to be read after its end */
#define TAIL_COLS (VCON_COLS - 3)       /* behind "| ", and the last column stays free */

static struct job {
    uint32_t id;                /* 0: free */
    uint32_t memory_bytes;
    bool watched, announced;
} jobs[JOBS_MAX];
static unsigned job_count;      /* jobs in use; 0 while guests are run by autoruns, whose rows should not wait for us */

static uint32_t waited_for;     /* 0: nothing */

static struct job *find_job(uint32_t id)
{
    for (struct job *job = jobs; job < jobs + JOBS_MAX; job++) {
        if (job->id == id)
            return job;
    }
    return NULL;
}

struct guest *jobs_start(const char *name, uint32_t memory_bytes, bool watched, uint64_t now_ns)
{
    char reason[GUEST_REASON_BYTES] = "";
    struct image_file file;
    struct job *job = find_job(0);

    if (tap_is_open()) {
        shell_print("autoruns are going on: no other guest can be run until they are done");
        return NULL;
    }
    if (job == NULL) {
        shell_print("%d guests are the most at once: kill one first", JOBS_MAX);
        return NULL;
    }
    if (!images_find(name, &file)) {
        shell_print("no guest named '%.64s'; ls lists them", name);
        return NULL;
    }
    struct guest *guest = guest_create(file.name, file.image, file.image_bytes, memory_bytes, reason);
    if (guest == NULL) {
        shell_print("%s refused: %s", file.name, reason);
        return NULL;
    }
    job_count++;
    *job = (struct job){ .id = guest->id, .memory_bytes = memory_bytes, .watched = watched };
    typist_launched(guest, -1, now_ns);
    if (watched)
        console_view(&guest->console);
    else
        shell_print("%u %s runs in the background; console %u shows it", guest->id, guest->name, guest->id);
    return guest;
}

uint32_t jobs_memory_bytes(uint32_t id)
{
    const struct job *job = find_job(id);

    return job != NULL ? job->memory_bytes : 0;
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
        [GUEST_PAUSED] = "paused",
    };

    if (guest->state != GUEST_ENDED) {
        (void)text_copy(text, 32, guest->paused ? "paused" : states[guest->state]);
        return;
    }
    switch (guest->end) {
    case GUEST_END_EXIT: format_string(text, 32, "exit %d", guest->status); break;
    case GUEST_END_CRASH: format_string(text, 32, "crash 0x%08x", (unsigned)guest->status); break;
    case GUEST_END_TIMEOUT: (void)text_copy(text, 32, "timeout"); break;
    default: (void)text_copy(text, 32, "killed"); break;
    }
}

/* The first columns of a row as plain text. Its length without trailing blanks. */
static unsigned read_row(const struct vcon *console, unsigned row, unsigned columns, char *text)
{
    const uint8_t *characters = vcon_text(console, row);
    unsigned length = 0;

    for (unsigned column = 0; column < columns; column++) {
        uint8_t character = characters[column];
        bool plain = character >= ' ' && character <= '~';
        text[column] = plain ? (char)character : character == '\0' ? ' ' : '?';
        length = text[column] != ' ' ? column + 1 : length;
    }
    return length;
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

/* A crash report is several screens' worth of lines: print it line by line. */
static void print_report(const char *report)
{
    while (*report != '\0') {
        const char *end = strchr(report, '\n');
        int length = end != NULL ? (int)(end - report) : (int)strlen(report);
        shell_print("%.*s", length, report);
        report += length + (end != NULL ? 1 : 0);
    }
}

static void announce(struct job *job, const struct guest *guest)
{
    char state[32];

    jobs_describe(guest, state);
    if (job->watched)
        print_tail(&guest->console.vcon);
    print_report(guest->report);
    shell_print("%u %s: %s in %llu ms", guest->id, guest->name, state,
                (unsigned long long)((guest->ended_ns - guest->started_ns) / NS_PER_MS));
    if (job->watched && console_in_view() == &guest->console)
        console_view(shell_console());
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
        guest_release(guest);
    oldest->id = 0;
    job_count--;
}

void jobs_pump(void)
{
    if (job_count == 0)
        return;
    for (struct job *job = jobs; job < jobs + JOBS_MAX; job++) {
        struct guest *guest = job->id != 0 && !job->announced ? guest_find(job->id) : NULL;
        if (guest != NULL && guest->state == GUEST_ENDED)
            announce(job, guest);
    }
    if (waited_for != 0) {
        const struct guest *guest = guest_find(waited_for);
        if (guest == NULL || guest->state == GUEST_ENDED || !shell_is_held()) {
            waited_for = 0;
            shell_hold(false);
        }
    }
    release_oldest();
}
