/*
 * orphan.c - proves: a child that outlives its parent goes on and is collected by init, not by its grandparent; the
 * memory of many orphans comes back.
 */
#include "check.h"
#include "memory.h"
#include "process.h"

#define ORPHANS 20

/* deschedule keeps it alive until the grandparent has seen that it is there. */
static int outlive(int unused)
{
    const int never = 0;

    (void)unused;
    deschedule(&never);
    return 9;
}

static int parent(int unused)
{
    (void)unused;
    return process_fork(outlive, 0);    /* the grandparent learns the number */
}

static void one(void)
{
    int orphan = process_call(parent, 0);

    CHECK(orphan > 0);
    CHECK(wait(NULL) < 0);              /* it is not mine */
    while (make_runnable(orphan) < 0)
        yield(-1);
    while (yield(orphan) >= 0 || make_runnable(orphan) >= 0)
        continue;                       /* until there is no such thread */
    CHECK(wait(NULL) < 0);
}

int main(void)
{
    one();
    sleep(2);
    uint32_t before = memory_free_pages();
    for (int i = 0; i < ORPHANS; i++)
        one();
    sleep(2);                           /* init collects the last */
    CHECK_EQUAL(memory_free_pages(), before);
    return check_result();
}
