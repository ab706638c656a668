/*
 * exec_storm.c - proves: a hundred programs started one by another leave nothing behind but their status; a task that
 * runs exec on itself again and again keeps its number, and its memory is new each time.
 */
#include "check.h"
#include "memory.h"
#include "process.h"

#define GENERATIONS 40
#define PROGRAMS 40

static int zero, five = 5;

/* exec_storm N TID: counts N down. */
static int generation(char **argv)
{
    char number[12];
    int left = argv[1][0] * 100 + argv[1][1] * 10 + argv[1][2] - 111 * '0';

    CHECK_EQUAL(zero, 0);
    CHECK_EQUAL(five, 5);
    zero = five = 1;
    snprintf(number, sizeof(number), "%d", gettid());
    CHECK_EQUAL(strcmp(number, argv[2]), 0);
    if (left == 0 || check_result() != 0)
        return check_result() == 0 ? 55 : 1;
    snprintf(number, sizeof(number), "%03d", left - 1);
    return exec("exec_storm", (const char *const[]){ "exec_storm", number, argv[2], NULL });
}

static int first_generation(int generations)
{
    char number[12], tid[12];

    snprintf(number, sizeof(number), "%03d", generations);
    snprintf(tid, sizeof(tid), "%d", gettid());
    return exec("exec_storm", (const char *const[]){ "exec_storm", number, tid, NULL });
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return generation(argv);
    CHECK_EQUAL(process_call(first_generation, 0), 55);
    sleep(2);                           /* init collects what others left */
    uint32_t before = memory_free_pages();
    CHECK_EQUAL(process_call(first_generation, GENERATIONS), 55);
    for (int i = 0; i < PROGRAMS; i++)
        CHECK_EQUAL(process_call(first_generation, 0), 55);
    CHECK_EQUAL(memory_free_pages(), before);
    return check_result();
}
