/*
 * exec_starved.c - proves: many tasks exec at the same time and keep their numbers and parent, with fresh memory each
 * time; when memory is short exec fails and the old program goes on.
 *
 * Run with a word N, it executes itself with N - 1, down to 0.
 */
#include "check.h"
#include "process.h"

#define PROGRAM "exec_starved"
#define CHAINS 4
#define LENGTH 8
#define REGION ((char *)0x40000000)
#define STATUS_END 71
#define STATUS_FITS 72
#define SPARE_MAX 64            /* more than a program of a few pages needs */
#define ROOM 256

static int data = 3, zeroes[2048];

static int number(const char *text)
{
    int value = 0;

    while (*text != '\0')
        value = value * 10 + (*text++ - '0');
    return value;
}

static int run_chain(int left)
{
    char word[12], tid[12];
    const char *const argv[] = { PROGRAM, word, tid, NULL };

    snprintf(word, sizeof(word), "%d", left);
    snprintf(tid, sizeof(tid), "%d", gettid());
    return exec(PROGRAM, argv);
}

/* One link: nothing is left of what the link before wrote. */
static int link(int argc, char **argv)
{
    int left = number(argv[1]);

    CHECK_EQUAL(argc, 3);
    CHECK_EQUAL(number(argv[2]), gettid());
    CHECK_EQUAL(data, 3);
    CHECK_EQUAL(zeroes[left], 0);
    CHECK_EQUAL(new_pages(REGION, PEBBLES_PAGE_BYTES), 0);
    CHECK_EQUAL(*REGION, 0);
    *REGION = 9;
    data = 5;
    memset(zeroes, 7, sizeof(zeroes));
    if (check_result() != 0)
        return 1;
    return left == 0 ? STATUS_END : run_chain(left - 1);
}

static void chains(void)
{
    int tids[CHAINS], status;

    for (int i = 0; i < CHAINS; i++) {
        tids[i] = process_fork(run_chain, LENGTH + i);
        CHECK(tids[i] > 0);
    }
    for (int i = 0; i < CHAINS; i++) {
        int tid = wait(&status), k = 0;
        while (k < CHAINS && tids[k] != tid)
            k++;
        CHECK(k < CHAINS);                      /* exec keeps the number that fork gave */
        CHECK_EQUAL(status, STATUS_END);
    }
    CHECK(wait(NULL) < 0);
}

static char *page_at(int number)
{
    return REGION + number * (int)PEBBLES_PAGE_BYTES;
}

/* Takes all memory, single pages first. The pages. */
static int take_all(void)
{
    int taken = 0;

    for (int pages = 1; pages > 0;) {
        if (new_pages(page_at(taken), pages * (int)PEBBLES_PAGE_BYTES) == 0) {
            taken += pages;
            pages = taken < ROOM ? 1 : pages == 1 ? 4096 : pages;
        } else {
            pages /= 2;
        }
    }
    return taken;
}

/* With so many pages to spare exec runs this program, whose status is STATUS_FITS, or changes nothing. */
static int starve(int spare)
{
    int taken = take_all();

    CHECK(taken > SPARE_MAX);
    for (int i = 0; i < spare; i++)
        CHECK_EQUAL(remove_pages(page_at(i)), 0);
    CHECK_EQUAL(exec(PROGRAM, (const char *const[]){ PROGRAM, "fits", NULL }), PEBBLES_ERROR_MEMORY);
    CHECK_EQUAL(data, 3);
    for (int i = spare; spare == 0 && i < taken; i++)
        *(volatile char *)page_at(i) = 1;       /* what was promised is still there */
    return check_result();
}

/* Takes all memory but ROOM pages, which are enough for a few small tasks, until it is woken. */
static int hog(int unused)
{
    const int never = 0;
    int taken = take_all();

    (void)unused;
    CHECK(taken > ROOM);
    for (int i = 0; i < ROOM && i < taken; i++)
        CHECK_EQUAL(remove_pages(page_at(i)), 0);
    deschedule(&never);
    return check_result();
}

/* There is one point from which on it fits: exec fails in all the places where it takes memory. */
static void starvation(void)
{
    int status = 0, hog_tid = process_fork(hog, 0);

    while (yield(hog_tid) == 0)
        continue;                       /* until it has descheduled itself */
    for (int spare = 0; spare < SPARE_MAX; spare++) {
        int before = status;
        status = process_call(starve, spare);
        if (!CHECK(status == STATUS_FITS || (status == 0 && before == 0)))
            printf("... status %d with %d pages to spare\n", status, spare);
        CHECK(spare > 0 || status == 0);
    }
    CHECK_EQUAL(status, STATUS_FITS);
    CHECK_EQUAL(make_runnable(hog_tid), 0);
    CHECK_EQUAL(process_wait(hog_tid), 0);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return argc == 2 ? STATUS_FITS : link(argc, argv);
    chains();
    starvation();
    chains();
    return check_result();
}
