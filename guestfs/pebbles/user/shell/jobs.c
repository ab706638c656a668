/*
 * jobs.c - see jobs.h. The collector sits in wait(); without children it deschedules itself until one is started.
 */
#include "jobs.h"
#include "process.h"
#include "thread.h"

#define JOBS_MAX 32
#define NAME_BYTES 24
#define STACK_BYTES 4096

static struct job {
    int tid;                /* 0: this place is free */
    volatile int ended;
    int status;
    char name[NAME_BYTES];
} jobs[JOBS_MAX];

static struct mutex lock;                   /* of jobs: their children may end before they are written down */
static volatile int children_started;       /* since the collector last looked */
static int collector, shell;                /* threads */
static char collector_stack[STACK_BYTES] __attribute__((aligned(16)));

static void job_ended(int tid, int status)
{
    mutex_lock(&lock);
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].tid == tid) {
            jobs[i].status = status;
            jobs[i].ended = 1;
        }
    }
    mutex_unlock(&lock);
    make_runnable(shell);                   /* refused unless it waits for a job */
}

static void collect(void *unused)
{
    (void)unused;
    for (;;) {
        int status;
        children_started = 0;
        int tid = wait(&status);
        if (tid > 0)
            job_ended(tid, status);
        else
            deschedule(&children_started);
    }
}

bool jobs_boot(void)
{
    shell = gettid();
    collector = thread_start(collector_stack + STACK_BYTES, collect, NULL);
    return collector > 0;
}

static void report(struct job *job)
{
    if (job->status == PEBBLES_STATUS_KILLED)
        printf("[%d] killed  %s\n", job->tid, job->name);
    else
        printf("[%d] exit %d  %s\n", job->tid, job->status, job->name);
}

static struct job *free_place(void)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].tid == 0)
            return &jobs[i];
    }
    return NULL;
}

/* The child never takes the lock: that its copy stays locked does not matter. */
static int job_start(struct job *job, const struct command *command)
{
    mutex_lock(&lock);
    job->ended = 0;
    snprintf(job->name, sizeof(job->name), "%s", command->words[0]);
    int tid = command->background ? process_start_background(command->words) : process_start(command->words);
    job->tid = tid > 0 ? tid : 0;
    children_started = 1;
    mutex_unlock(&lock);
    make_runnable(collector);               /* refused when it waits already */
    return tid;
}

/* A program that ends well in the foreground needs no words. */
static int job_finish(struct job *job)
{
    while (!job->ended)
        deschedule(&job->ended);
    if (job->status != 0)
        report(job);
    job->tid = 0;
    return job->status;
}

int jobs_run(const struct command *command)
{
    struct job *job = free_place();

    if (job == NULL) {
        printf("shell: %d jobs are enough\n", JOBS_MAX);
        return -1;
    }
    int tid = job_start(job, command);
    if (tid < 0) {
        printf("shell: no memory for a child (%d)\n", tid);
        return tid;
    }
    if (!command->background)
        return job_finish(job);
    printf("[%d] %s\n", tid, job->name);
    return 0;
}

static struct job *job_find(int tid)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (tid != 0 && jobs[i].tid == tid)
            return &jobs[i];
    }
    printf("shell: there is no job %d\n", tid);
    return NULL;
}

int jobs_foreground(int tid)
{
    struct job *job = job_find(tid);

    if (job == NULL)
        return 1;
    if (!job->ended)
        view(tid);                          /* refused unless it is a guest kernel */
    return job_finish(job);
}

int jobs_kill(int tid)
{
    const struct job *job = job_find(tid);

    return job != NULL && (job->ended || kill(tid) == 0) ? 0 : 1;
}

void jobs_report(void)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].tid != 0 && jobs[i].ended) {
            report(&jobs[i]);
            jobs[i].tid = 0;
        }
    }
}

void jobs_list(void)
{
    for (int i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].tid != 0 && !jobs[i].ended)
            printf("[%d] running  %s\n", jobs[i].tid, jobs[i].name);
    }
}
