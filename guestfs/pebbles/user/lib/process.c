/*
 * process.c - see process.h.
 */
#include "process.h"

static _Noreturn void become(const char *const argv[])
{
    int error = exec(argv[0], argv);
    printf("%s: %s (%d)\n", argv[0], error == PEBBLES_ERROR_NONE ? "no such program" : "cannot be run", error);
    task_vanish(STATUS_NO_PROGRAM);
}

int process_start(const char *const argv[])
{
    int tid = fork();

    if (tid == 0)
        become(argv);
    return tid;
}

int process_start_background(const char *const argv[])
{
    int tid = fork();

    if (tid == 0) {
        background(1);
        become(argv);
    }
    return tid;
}

int process_fork(int (*body)(int), int argument)
{
    int tid = fork();

    if (tid == 0)
        task_vanish(body(argument));
    return tid;
}

int process_wait(int tid)
{
    int status, ended = tid;

    if (tid < 0)
        return tid;
    do {
        ended = wait(&status);
    } while (ended != tid && ended > 0);
    return ended > 0 ? status : ended;
}

int process_run(const char *const argv[])
{
    return process_wait(process_start(argv));
}

int process_call(int (*body)(int), int argument)
{
    return process_wait(process_fork(body, argument));
}
