/*
 * guest_ends.c - proves: a guest kernel is a process like any other. fork, exec and wait start it and tell its end, as
 * status of the process: what it gave to hv_exit, killed by the hypervisor, killed by its parent, no guest at all. What
 * exec refuses leaves the process as it was. No memory is lost by any of them.
 *
 * Not in the suite: it needs a Pebbles that was started with control=on, and the test guests as images.
 */
#include "check.h"
#include "memory.h"
#include "process.h"

#define CROWD 40                        /* more than a guest may have below it */
#define SECOND 100                      /* ticks */

static int ends_of(const char *name, const char *option)
{
    const char *const argv[] = { name, option, NULL };

    return process_wait(process_start_background(argv));
}

static void check_ends(void)
{
    CHECK_EQUAL(ends_of("exit.zero", NULL), 0);
    CHECK_EQUAL(ends_of("exit.one", NULL), 1);
    CHECK_EQUAL(ends_of("exit.minus_ten", NULL), -10);
    CHECK_EQUAL(ends_of("exit.largest", NULL), 0x7FFFFFFF);
    CHECK_EQUAL(ends_of("crash.de", NULL), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(ends_of("bad_magic.elf", NULL), PEBBLES_ERROR_FORMAT);
    CHECK_EQUAL(ends_of("no_such_image", NULL), STATUS_NO_PROGRAM);
}

static void check_options(void)
{
    CHECK_EQUAL(ends_of("memory_size.m20", "mem=20M"), 0);
    CHECK_EQUAL(ends_of("memory_size.m20", "mem=20480K"), 0);
    CHECK(ends_of("memory_size.m20", NULL) != 0);
    CHECK_EQUAL(ends_of("exit.zero", "mem=20"), STATUS_NO_PROGRAM);
    CHECK_EQUAL(ends_of("exit.zero", "mem=M"), STATUS_NO_PROGRAM);
    CHECK_EQUAL(ends_of("exit.zero", "mem=99999999M"), STATUS_NO_PROGRAM);
    CHECK_EQUAL(ends_of("exit.zero", "color=red"), STATUS_NO_PROGRAM);
}

/* A refused exec comes back, with everything as it was. */
static void refused(void)
{
    static volatile int kept = 15410;
    const char *const argv[] = { "exit.zero", "mem=M", NULL }, *const nobody[] = { "no_such_image", NULL };

    CHECK_EQUAL(exec(argv[0], argv), PEBBLES_ERROR_ARGUMENT);
    CHECK_EQUAL(exec(nobody[0], nobody), PEBBLES_ERROR_NONE);
    CHECK_EQUAL(kept, 15410);
}

static int spins(int unused)
{
    (void)unused;
    for (;;)
        ;
}

static void check_kill(void)
{
    static const char *const argv[] = { "loop", NULL };
    int tid = process_start_background(argv), own = process_fork(spins, 0);

    sleep(5);
    CHECK_EQUAL(view(gettid()), PEBBLES_ERROR_NONE);
    CHECK_EQUAL(kill(gettid()), PEBBLES_ERROR_NONE);
    CHECK_EQUAL(kill(1), PEBBLES_ERROR_NONE);               /* init is above, not below */
    CHECK_EQUAL(kill(tid), 0);
    CHECK_EQUAL(kill(tid), PEBBLES_ERROR_NONE);
    CHECK_EQUAL(process_wait(tid), PEBBLES_STATUS_KILLED);
    CHECK_EQUAL(kill(own), 0);                              /* a program ends by it just so */
    CHECK_EQUAL(process_wait(own), PEBBLES_STATUS_KILLED);
}

/* Its child's child, which is a guest: the child is gone first, and the guest with an heir. */
static int leaves_a_guest(int unused)
{
    static const char *const argv[] = { "loop", NULL };

    (void)unused;
    return process_start_background(argv) > 0 ? 7 : 8;
}

/* More than there may be: the first ones run, the others are told so; all can be ended. */
static void check_crowd(void)
{
    static const char *const argv[] = { "loop", NULL };
    int tids[CROWD], killed = 0, refused_count = 0, status;

    for (int i = 0; i < CROWD; i++) {
        tids[i] = process_start_background(argv);
        CHECK(tids[i] > 0);
    }
    sleep(SECOND / 2);
    for (int i = 0; i < CROWD; i++)
        kill(tids[i]);
    for (int i = 0; i < CROWD && wait(&status) > 0; i++) {
        killed += status == PEBBLES_STATUS_KILLED;
        refused_count += status == STATUS_NO_PROGRAM;
    }
    CHECK(killed >= 4);
    CHECK(refused_count >= 4);
    CHECK_EQUAL(killed + refused_count, CROWD);
}

int main(void)
{
    static char names[16];

    if (readfile(PEBBLES_IMAGE_LIST, names, sizeof(names), 0) < (int)sizeof(names)) {
        print_string("guest_ends: there are no images: start Pebbles with control=on\n");
        return 1;
    }
    uint32_t before = memory_free_pages();
    check_ends();
    check_options();
    CHECK_TO_THE_END(refused);
    check_kill();
    CHECK_EQUAL(process_call(leaves_a_guest, 0), 7);
    check_crowd();
    CHECK(memory_free_pages() + 8 >= before);               /* the orphan has a task, a thread and a directory */
    return check_result();
}
