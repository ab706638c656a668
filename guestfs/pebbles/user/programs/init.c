/*
 * init.c - the first program: runs the shell, collects orphans, and ends the guest with the shell's status. A shell
 * that was killed is replaced.
 */
#include "process.h"

#define STATUS_NO_SHELL 125

/* Its status. Orphans collected on the way are nobody's business. */
static int shell_run(void)
{
    static const char *const argv[] = { "shell", NULL };
    int tid = process_start(argv);

    return tid < 0 ? STATUS_NO_PROGRAM : process_wait(tid);
}

int main(void)
{
    int status;

    while ((status = shell_run()) == PEBBLES_STATUS_KILLED)
        printf("init: the shell was killed; here is a new one\n");
    halt(status == STATUS_NO_PROGRAM ? STATUS_NO_SHELL : status);
}
