/*
 * flags.c - proves: flags a program sets with POPF, however odd, harm nobody: they come through ticks and system calls,
 * or are masked, and the kernel and other programs work as ever.
 */
#include "catch.h"
#include "check.h"
#include "process.h"

#define CARRY 0x001u
#define OVERFLOW 0x800u
#define DIRECTION 0x400u
#define INTERRUPT 0x200u
#define NESTED 0x4000u
#define ALIGNMENT 0x40000u
#define IDENTIFICATION 0x200000u
#define BREAKPOINT 3
#define TICKS 3

static uint32_t flags_now(void)
{
    uint32_t flags;

    __asm__ volatile("pushfl\n\tpopl %0" : "=r"(flags));
    return flags;
}

/* gettid with these flags; those that come out of it. Afterwards the flags are plain again. */
static uint32_t call_with(uint32_t flags, int *tid)
{
    uint32_t after;

    __asm__ volatile("pushl %2\n\tpopfl\n\tint %3\n\tpushfl\n\tpopl %1\n\tpushl $2\n\tpopfl"
                     : "=a"(*tid), "=&r"(after) : "r"(flags), "i"(PEBBLES_GETTID) : "cc", "memory");
    return after;
}

/* Spins, with these flags and without a call, until about a tick has gone by; those that are there then. */
static uint32_t spin_with(uint32_t flags)
{
    uint32_t after, rounds = 30000000;

    __asm__ volatile("pushl %2\n\tpopfl\n1:\tleal -1(%1), %1\n\tjecxz 2f\n\tjmp 1b\n2:\tpushfl\n\tpopl %0\n\t"
                     "pushl $2\n\tpopfl"
                     : "=r"(after), "+c"(rounds) : "r"(flags) : "cc", "memory");
    return after;
}

static void breakpoint_with(void *flags)
{
    __asm__ volatile("pushl %0\n\tpopfl\n\tint3" : : "r"(*(uint32_t *)flags) : "cc", "memory");
}

/* What a program may keep must be kept. */
static void check_one(uint32_t flags)
{
    uint32_t kept = CARRY | OVERFLOW | DIRECTION | INTERRUPT;
    int tid;
    ureg_t ureg = { 0 };

    uint32_t after = call_with(flags, &tid);
    CHECK_EQUAL(tid, gettid());
    CHECK_EQUAL(after & kept, (flags & kept) | INTERRUPT);
    CHECK_EQUAL(catch_exception(breakpoint_with, &flags, &ureg), BREAKPOINT);
    if (!CHECK_EQUAL(ureg.eflags & kept, (flags & kept) | INTERRUPT) ||
        !CHECK_EQUAL(ureg.eflags & ~PEBBLES_EFLAGS_ALLOWED, 0))
        printf("... with flags 0x%x\n", flags);
}

/* Meanwhile a sibling runs with flags of its own. */
static int spinner(int flags)
{
    int start = get_ticks();

    while (get_ticks() - start < TICKS) {
        uint32_t after = spin_with((uint32_t)flags) & (CARRY | OVERFLOW | DIRECTION);
        CHECK_EQUAL(after, (uint32_t)flags & (CARRY | OVERFLOW | DIRECTION));
    }
    return check_result();
}

int main(void)
{
    static const uint32_t odd[] = {
        0, CARRY, OVERFLOW | CARRY, DIRECTION, INTERRUPT, NESTED, ALIGNMENT, IDENTIFICATION, NESTED | ALIGNMENT,
        NESTED | ALIGNMENT | IDENTIFICATION | DIRECTION | OVERFLOW | CARRY, 0x3000, 0x10000, 0x180000, 0xFFFFFEFF,
        0xFFFDFEFF,
    };
    int status;

    for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        check_one(odd[i]);
    CHECK(process_fork(spinner, (int)(NESTED | ALIGNMENT | CARRY)) > 0);
    CHECK(process_fork(spinner, (int)(DIRECTION | OVERFLOW)) > 0);
    for (int i = 0; i < 2; i++) {
        CHECK(wait(&status) > 0);
        CHECK_EQUAL(status, 0);
    }
    CHECK_EQUAL(flags_now() & (INTERRUPT | DIRECTION), INTERRUPT);
    return check_result();
}
