/*
 * bad_syscalls.c - proves: no system call trusts an address or a number. Every wild pointer, as packet and as argument,
 * gets a negative result, and the program lives on.
 */
#include "check.h"
#include "process.h"

#define PAGE ((char *)0x40000000)       /* one page is mapped here, none behind it */
#define PAGE_END (PAGE + PEBBLES_PAGE_BYTES)

#define X(number, NAME, name, words)                                                                \
    static int raw_##name(uint32_t esi)                                                             \
    {                                                                                               \
        int result;                                                                                 \
        __asm__ volatile("int %2" : "=a"(result) : "S"(esi), "i"(number) : "memory");               \
        return result;                                                                              \
    }
PEBBLES_CALLS(X)
#undef X

static const struct { const char *name; int words; int (*run)(uint32_t esi); } calls[] = {
#define X(number, NAME, name, words) { #name, words, raw_##name },
    PEBBLES_CALLS(X)
#undef X
};

static const uint32_t wild[] = {
    0, 1, 0x1000, 0x100000, 0xFFFFFF, 0x30000000, 0x7FFFFFFF, 0x80000000, 0xBFBF0000, 0xC0000000, 0xC0100000,
    0xFEFFFFFF, 0xFF000000, 0xFFFFFFF0, 0xFFFFFFFC, 0xFFFFFFFF,
};

static void packets(void)
{
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (calls[i].words < 2)
            continue;
        for (unsigned k = 0; k < sizeof(wild) / sizeof(wild[0]); k++) {
            if (!CHECK(calls[i].run(wild[k]) < 0))
                printf("... %s, packet at 0x%x\n", calls[i].name, wild[k]);
        }
        CHECK(calls[i].run((uint32_t)(uintptr_t)PAGE_END - 4) < 0);     /* its second word is missing */
    }
}

/* Everything that takes an address, but for swexn, which has a test of its own. */
static void addresses(char *bad)
{
    const char *const good_argv[] = { "hello", NULL }, *const bad_argv[] = { "hello", bad, NULL };
    int number;

    CHECK(bad == NULL || exec(bad, good_argv) < 0);
    CHECK(exec("crash", (const char *const *)bad) < 0);
    CHECK(bad == NULL || exec("crash", bad_argv) < 0);
    CHECK(deschedule((const int *)bad) < 0);
    CHECK(readline(10, bad) < 0);
    CHECK(print(10, bad) < 0);
    CHECK(get_cursor_pos((int *)bad, &number) < 0);
    CHECK(get_cursor_pos(&number, (int *)bad) < 0);
    CHECK(readfile(bad, (char *)&number, 4, 0) < 0);
    CHECK(readfile("hello", bad, 4, 0) < 0);
    CHECK(readfile(PEBBLES_FILE_LIST, bad, 4, 0) < 0);
    CHECK(new_pages(bad, 1) < 0);
    CHECK(remove_pages(bad) < 0);
}

/* A child is there to be collected, and stays so until its status can be told. */
static int nothing(int status)
{
    return status;
}

static void wait_keeps_status(void)
{
    int status = 0, tid = process_fork(nothing, 12);

    for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
        CHECK(wild[i] == 0 || wait((int *)(uintptr_t)wild[i]) < 0);
    CHECK(wait((int *)(uintptr_t)wait_keeps_status) < 0);
    CHECK_EQUAL(wait(&status), tid);
    CHECK_EQUAL(status, 12);
}

/* Buffers that begin well, and constants, which can be read only. */
static void edges(void)
{
    char *code = (char *)(uintptr_t)edges;

    CHECK(print(PEBBLES_PAGE_BYTES + 1, PAGE) < 0);
    CHECK(print(2, PAGE_END - 1) < 0);
    CHECK(readline(2, PAGE_END - 1) < 0);
    CHECK(readfile("hello", PAGE_END - 4, 5, 0) < 0);
    CHECK(deschedule((int *)(PAGE_END - 3)) < 0);
    memcpy(PAGE_END - 5, "hello", 5);                   /* a name without end */
    CHECK(readfile(PAGE_END - 5, PAGE, 5, 0) < 0);
    CHECK(exec(PAGE_END - 5, (const char *const[]){ "hello", NULL }) < 0);
    CHECK(exec("crash", (const char *const[]){ PAGE_END - 5, NULL }) < 0);
    CHECK(readline(4, code) < 0);
    CHECK(readfile("hello", code, 4, 0) < 0);
    CHECK(get_cursor_pos((int *)code, (int *)code) < 0);
}

static void numbers(void)
{
    CHECK(print(-1, PAGE) < 0);
    CHECK(print(0x7FFFFFFF, PAGE) < 0);
    CHECK(readline(-1, PAGE) < 0);
    CHECK(readline(0x7FFFFFFF, PAGE) < 0);
    CHECK(readfile("hello", PAGE, -1, 0) < 0);
    CHECK(readfile("hello", PAGE, 1, -1) < 0);
    CHECK(sleep(-1) < 0);
    CHECK(yield(0x7FFFFFF0) < 0);
    CHECK(yield(-2) < 0);
    CHECK(make_runnable(0x7FFFFFF0) < 0);
    CHECK(make_runnable(-1) < 0);
    CHECK(make_runnable(gettid()) < 0);
    CHECK(set_term_color(-1) < 0);
    CHECK(set_cursor_pos(25, 0) < 0);
    CHECK(set_cursor_pos(0, 80) < 0);
    CHECK(set_cursor_pos(-1, -1) < 0);
    CHECK(misbehave(-1) < 0);
}

static void everything(void)
{
    CHECK_EQUAL(new_pages(PAGE, PEBBLES_PAGE_BYTES), 0);
    packets();
    for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
        addresses((char *)(uintptr_t)wild[i]);
    wait_keeps_status();
    edges();
    numbers();
}

int main(void)
{
    CHECK_TO_THE_END(everything);
    return check_result();
}
