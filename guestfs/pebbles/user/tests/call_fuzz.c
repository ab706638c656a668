/*
 * call_fuzz.c - proves: tasks that make any system calls in any order with any arguments harm at worst themselves. Each
 * child draws its own; what it writes over may be its own data, so only its end is expected, not its status.
 */
#include "check.h"
#include "process.h"
#include "random.h"

#define CHILDREN 12
#define CALLS 100
#define PACKET_WORDS 1024       /* room for what readfile may put there */
#define TIDS_WATCHED 1000   /* about twice as many as come to be */

/* No call but those that wait for keys, end the guest, write to the screen, or change it for all. */
#define FUZZED(X)                                                                                                   \
    X(FORK) X(EXEC) X(WAIT) X(YIELD) X(DESCHEDULE) X(MAKE_RUNNABLE) X(GETTID) X(NEW_PAGES) X(REMOVE_PAGES) X(SLEEP) \
    X(GET_CURSOR_POS) X(THREAD_FORK) X(GET_TICKS) X(SET_STATUS) X(READFILE) X(SWEXN)

#define X(NAME)                                                                                                     \
    static int raw_##NAME(uint32_t esi)                                                                             \
    {                                                                                                               \
        int result;                                                                                                 \
        __asm__ volatile("int %2" : "=a"(result) : "S"(esi), "i"(PEBBLES_##NAME) : "memory");                       \
        return result;                                                                                              \
    }
FUZZED(X)
#undef X

/* A new thread finds itself on the stack of the old one: it ends before it touches it. */
static int raw_thread(uint32_t esi)
{
    int result;

    __asm__ volatile("int %2\n\ttestl %%eax, %%eax\n\tjnz 1f\n\tint %3\n1:"
                     : "=a"(result) : "S"(esi), "i"(PEBBLES_THREAD_FORK), "i"(PEBBLES_VANISH) : "memory", "cc");
    return result;
}

static int (*const calls[])(uint32_t) = {
#define X(NAME) raw_##NAME,
    FUZZED(X)
#undef X
};

static uint32_t packet[PACKET_WORDS];
static bool is_grandchild;

/* Mostly what is nearly right: addresses at the edges of things, small numbers. */
static uint32_t draw_word(uint32_t *state)
{
    static const uint32_t edges[] = {
        0, 1, 0x1000, 0x2000, 0x4000, 0x100000, 0xFFFFFF, 0x1000000, 0x1001000, 0x40000000, 0x40001000, 0x40003000,
        0x50000000, 0x7FFFFFFF, 0x80000000, 0xBFFF0000, 0xBFFFFFFC, 0xC0000000, 0xFEFFFFFF, 0xFFFFFFFF,
    };
    uint32_t choice = random_next(state) % 8;

    if (choice < 4)
        return edges[random_next(state) % (sizeof(edges) / sizeof(edges[0]))];
    if (choice < 6)
        return random_next(state) % 16;
    return choice == 6 ? (uint32_t)(uintptr_t)packet : random_next(state);
}

/* What would never end, never come back, or double all the work is bent a little. */
static void draw_call(uint32_t *state)
{
    int (*call)(uint32_t) = calls[random_next(state) % (sizeof(calls) / sizeof(calls[0]))];
    uint32_t esi = random_next(state) % 4 != 0 ? (uint32_t)(uintptr_t)packet : draw_word(state);

    for (int i = 0; i < 4; i++)
        packet[i] = draw_word(state);
    if (call == raw_READFILE && random_next(state) % 2 == 0)
        packet[0] = (uint32_t)(uintptr_t)PEBBLES_FILE_LIST;
    if (call == raw_SWEXN && packet[3] >= PEBBLES_USER_START)
        packet[3] = 0;                                  /* swexn_fuzz has registers */
    if (call == raw_SLEEP)
        esi = random_next(state) % 2 == 0 ? 1 : 0x80000000 + esi / 2;
    else if (call == raw_THREAD_FORK)
        call = raw_thread;
    else if (call == raw_FORK && is_grandchild)
        return;
    if (call(esi) == 0 && call == raw_FORK) {
        is_grandchild = true;
        *state += (uint32_t)gettid();
    }
}

static int fuzz(int number)
{
    uint32_t state = 0x2545F491u + (uint32_t)number * 977;

    for (int i = 0; i < CALLS; i++)
        draw_call(&state);
    return 0;
}

/* Wakes those who have descheduled themselves, until all threads from this one on but its own are gone. */
static int watch(int first)
{
    bool any = true;

    while (any) {
        any = false;
        for (int tid = first; tid < first + TIDS_WATCHED; tid++) {
            make_runnable(tid);
            any |= tid != gettid() && yield(tid) != PEBBLES_ERROR_NONE;
        }
        sleep(1);
    }
    return 0;
}

int main(void)
{
    int tids[CHILDREN + 1], collected[CHILDREN + 1] = { 0 };

    for (int i = 0; i < CHILDREN; i++)
        tids[i] = process_fork(fuzz, i);
    tids[CHILDREN] = process_fork(watch, tids[0]);
    for (int i = 0; i <= CHILDREN; i++) {
        int tid = wait(NULL), k = 0;
        CHECK(tids[i] > 0);
        while (k < CHILDREN && tids[k] != tid)
            k++;
        CHECK_EQUAL(tids[k], tid);
        CHECK_EQUAL(collected[k]++, 0);
    }
    CHECK(wait(NULL) < 0);
    return check_result();
}
