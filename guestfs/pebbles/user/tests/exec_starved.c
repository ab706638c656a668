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
#define LENGTH 15
#define REGION ((char *)0x40000000)
#define STATUS_END 71

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

/* Takes all memory, down to the last page. */
static int starve(int unused)
{
    uint32_t base = (uint32_t)(uintptr_t)REGION;

    for (uint32_t pages = 4096; pages > 0;) {
        if (new_pages((void *)(uintptr_t)base, (int)(pages * PEBBLES_PAGE_BYTES)) == 0)
            base += pages * PEBBLES_PAGE_BYTES;
        else
            pages /= 2;
    }
    CHECK_EQUAL(run_chain(unused), PEBBLES_ERROR_MEMORY);
    CHECK_EQUAL(data, 3);
    for (uint32_t page = (uint32_t)(uintptr_t)REGION; page < base; page += PEBBLES_PAGE_BYTES)
        *(volatile int *)(uintptr_t)page = 1;   /* what was promised is still there */
    return check_result();
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return link(argc, argv);
    chains();
    CHECK_EQUAL(process_call(starve, 0), 0);
    chains();
    return check_result();
}
