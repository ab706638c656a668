/*
 * killed.c - proves: an exception that nobody handles ends the task with status -2, however it came about; a handler is
 * inherited by fork, forgotten by exec, and gone while it runs.
 */
#include "check.h"
#include "process.h"
#include "thread.h"

#define STACK_BYTES 4096
#define NOWHERE ((volatile int *)0x50000000)
#define STATUS_HANDLED 44

static char stack[STACK_BYTES] __attribute__((aligned(16)));

static void divide_by_zero(void)
{
    __asm__ volatile("divl %%ecx" : : "a"(1), "d"(0), "c"(0));
}

static void handle(void *argument, ureg_t *ureg)
{
    (void)argument;
    task_vanish(ureg->cause == 0 ? STATUS_HANDLED : 1);
}

static void handle_badly(void *argument, ureg_t *ureg)
{
    (void)argument;
    *NOWHERE = (int)ureg->cause;
}

static int divides(int unused)
{
    (void)unused;
    divide_by_zero();
    return 0;
}

static int reads_nothing(int unused)
{
    return *NOWHERE + unused;
}

static int loses_its_stack(int unused)
{
    (void)unused;
    __asm__ volatile("movl $0x50000000, %%esp\n\tpushl $0" : : : "memory");
    __builtin_unreachable();
}

static int handles_badly(int unused)
{
    (void)unused;
    swexn(stack + STACK_BYTES, handle_badly, NULL, NULL);
    divide_by_zero();
    return 0;
}

/* Registered while the stack was there. */
static int has_no_stack(int unused)
{
    (void)unused;
    if (new_pages((void *)NOWHERE, PEBBLES_PAGE_BYTES) != 0 ||
        swexn((char *)NOWHERE + PEBBLES_PAGE_BYTES, handle, NULL, NULL) != 0 || remove_pages((void *)NOWHERE) != 0)
        return 1;
    divide_by_zero();
    return 0;
}

/* This program again, with a word: main divides at once. */
static int forgets(int unused)
{
    const char *const argv[] = { "killed", "divide", NULL };

    (void)unused;
    swexn(stack + STACK_BYTES, handle, NULL, NULL);
    return exec(argv[0], argv);
}

static void divide_in_thread(void *died)
{
    *(volatile int *)died = 1;
    divide_by_zero();
}

/* Only the thread ends; the task goes on, and sets its status when it ends. */
static int loses_a_thread(int status)
{
    static char thread_stack[STACK_BYTES] __attribute__((aligned(16)));
    static volatile int died;

    int tid = thread_start(thread_stack + STACK_BYTES, divide_in_thread, (void *)&died);
    wait_until_set(&died);
    while (yield(tid) == 0)
        continue;
    return status;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        divide_by_zero();
    CHECK_EQUAL(process_call(divides, 0), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(process_call(reads_nothing, 0), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(process_call(loses_its_stack, 0), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(process_call(handles_badly, 0), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(process_call(has_no_stack, 0), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(process_call(forgets, 0), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(process_call(loses_a_thread, 9), 9);
    CHECK_EQUAL(swexn(stack + STACK_BYTES, handle, NULL, NULL), 0);
    CHECK_EQUAL(process_call(divides, 0), STATUS_HANDLED);
    return check_result();
}
