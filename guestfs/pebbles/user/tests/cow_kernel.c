/*
 * cow_kernel.c - proves: what the kernel writes for a program (results of system calls, a handler's frame) goes into
 * the program's own copy of a shared page, or a fresh one of a zero page, and what it reads is the program's own, too.
 */
#include "check.h"
#include "process.h"

#define STACK_BYTES PEBBLES_PAGE_BYTES
#define OLD 0x77

struct pages {                                  /* one page each, all shared with the child while it works on them */
    char status[PEBBLES_PAGE_BYTES], row[PEBBLES_PAGE_BYTES], column[PEBBLES_PAGE_BYTES], file[PEBBLES_PAGE_BYTES];
    char handler_stack[STACK_BYTES];
};

static struct pages written __attribute__((aligned(PEBBLES_PAGE_BYTES)));
static struct pages untouched __attribute__((aligned(PEBBLES_PAGE_BYTES)));     /* zero pages, not in the file */

static int five(int unused)
{
    (void)unused;
    return 5;
}

static void after_exception(void *argument, ureg_t *ureg)
{
    CHECK_EQUAL((char *)ureg >= (char *)argument, 1);
    CHECK_EQUAL(ureg->cause, 3);
    task_vanish(check_result());
}

/* The buffer of readfile begins at the end of one page and goes on in the next. */
static int let_kernel_write(int which)
{
    struct pages *pages = which != 0 ? &untouched : &written;
    int *status = (int *)(void *)pages->status;
    int *row = (int *)(void *)pages->row, *column = (int *)(void *)pages->column;
    char name[3];

    CHECK(process_fork(five, 0) > 0);
    CHECK(wait(status) > 0);
    CHECK_EQUAL(*status, 5);
    CHECK_EQUAL(get_cursor_pos(row, column), 0);
    CHECK(*row >= 0 && *row < 25 && *column >= 0 && *column < 80);
    CHECK_EQUAL(readfile(PEBBLES_FILE_LIST, name, 3, 0), 3);
    CHECK_EQUAL(readfile(PEBBLES_FILE_LIST, pages->file - 1, 3, 0), 3);
    CHECK_EQUAL(memcmp(pages->file - 1, name, 3), 0);
    CHECK_EQUAL(swexn(pages->handler_stack + STACK_BYTES, after_exception, pages->handler_stack, NULL), 0);
    __asm__ volatile("int3");
    return 1;
}

static bool all_bytes_are(const struct pages *pages, char byte)
{
    const char *bytes = (const char *)pages;

    for (unsigned i = 0; i < sizeof(*pages); i++) {
        if (bytes[i] != byte)
            return false;
    }
    return true;
}

int main(void)
{
    memset(&written, OLD, sizeof(written));
    for (int round = 0; round < 3; round++) {
        CHECK_EQUAL(process_call(let_kernel_write, 0), 0);
        CHECK_EQUAL(process_call(let_kernel_write, 1), 0);
    }
    CHECK(all_bytes_are(&written, OLD));
    CHECK(all_bytes_are(&untouched, 0));
    return let_kernel_write(1);                 /* itself, too: ends in the handler, with the result of all checks */
}
