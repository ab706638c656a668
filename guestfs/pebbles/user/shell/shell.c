/*
 * shell.c - prompt, built-in commands, programs in foreground and background.
 */
#include "jobs.h"
#include "number.h"
#include "pebbles.h"

#define PROMPT "pebbles$ "
#define EXCEPTION_STACK_BYTES 4096

static int last_status;                 /* $? */
static char exception_stack[EXCEPTION_STACK_BYTES] __attribute__((aligned(16)));

/* The collector would live on, and init wait for ever. */
static void crashed(void *unused, ureg_t *ureg)
{
    (void)unused;
    printf("shell: exception %u at 0x%08x\n", ureg->cause, ureg->eip);
    task_vanish(PEBBLES_STATUS_KILLED);
}

static void help(void)
{
    print_string("help, jobs      built in, as are the next four\n"
                 "fg N, kill N    wait for a job and show it if it is a guest; end it\n"
                 "exit, halt [N]  end this shell or all, with status N or the last one\n"
                 "PROGRAM [WORD]  run it: ls lists all, suite runs the tests; & goes on at once\n"
                 "IMAGE [mem=16M] [control=on]  run a guest kernel: ls images lists all; Ctrl-C ends it\n"
                 "$?  'a b'  # c  status of the last program; one word; a comment\n");
}

/* halt [N], exit [N]: without N, the status of the last program. halt does not wait for anybody. */
static _Noreturn void end(const struct command *command)
{
    int status = command->count > 1 ? number_parse(command->words[1]) : last_status;

    if (strcmp(command->words[0], "halt") == 0)
        halt(status);
    task_vanish(status);
}

static bool is_built_in(const struct command *command)
{
    const char *name = command->words[0];
    int number = command->count > 1 ? number_parse(command->words[1]) : 0, status = 0;

    if (strcmp(name, "help") == 0)
        help();
    else if (strcmp(name, "jobs") == 0)
        jobs_list();
    else if (strcmp(name, "halt") == 0 || strcmp(name, "exit") == 0)
        end(command);
    else if (strcmp(name, "fg") == 0)
        status = jobs_foreground(number);
    else if (strcmp(name, "kill") == 0)
        status = jobs_kill(number);
    else
        return false;
    last_status = status;
    return true;
}

static void obey(char *line)
{
    struct command command;
    char status_text[12];

    snprintf(status_text, sizeof(status_text), "%d", last_status);
    const char *error = command_parse(line, status_text, &command);
    if (error != NULL) {
        printf("shell: %s\n", error);
        last_status = 1;
    } else if (command.count > 0 && !is_built_in(&command)) {
        last_status = jobs_run(&command);
    }
}

int main(void)
{
    static char line[PEBBLES_LINE_MAX + 1];

    swexn(exception_stack + EXCEPTION_STACK_BYTES, crashed, NULL, NULL);
    if (!jobs_boot()) {
        print_string("shell: no memory\n");
        return 1;
    }
    for (;;) {
        jobs_report();
        print_string(PROMPT);
        int length = readline(PEBBLES_LINE_MAX, line);
        if (length < 0)
            return 1;
        line[length] = '\0';
        obey(line);
    }
}
