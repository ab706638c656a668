/*
 * swexn_test.c - proves: a handler gets the exception with its registers, is called once per registration, can mend the
 * cause and resume; swexn takes only arguments that are safe, and all of them or none.
 */
#include "catch.h"
#include "check.h"

#define PAGE ((char *)0x40000000)
#define STACK_BYTES 4096

static char stack[STACK_BYTES] __attribute__((aligned(16)));
static int calls;

/* Maps the page that was missed, and repeats the access. */
static void mend(void *argument, ureg_t *ureg)
{
    calls++;
    CHECK_EQUAL((int)(uintptr_t)argument, 1234);
    CHECK_EQUAL(ureg->cause, 14);
    CHECK_EQUAL(ureg->cr2, (uint32_t)(uintptr_t)PAGE + 8);
    CHECK_EQUAL(ureg->error_code & 6, 6);           /* a write, by user code */
    CHECK_EQUAL(ureg->zero, 0);
    CHECK_EQUAL(new_pages(PAGE, PEBBLES_PAGE_BYTES), 0);
    swexn(NULL, NULL, NULL, ureg);
    task_vanish(2);
}

static void page_fault_is_mended(void)
{
    CHECK_EQUAL(swexn(stack + STACK_BYTES, mend, (void *)1234, NULL), 0);
    *(volatile int *)(PAGE + 8) = 99;
    CHECK_EQUAL(*(volatile int *)(PAGE + 8), 99);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(remove_pages(PAGE), 0);
}

/* 100 / 0 becomes 100 / 4 by writing the divisor into ECX. */
static void give_divisor(void *argument, ureg_t *ureg)
{
    (void)argument;
    CHECK_EQUAL(ureg->cause, 0);
    CHECK_EQUAL(ureg->eax, 100);
    ureg->ecx = 4;
    swexn(stack + STACK_BYTES, give_divisor, NULL, ureg);
    task_vanish(2);
}

static void divide_error_is_mended(void)
{
    uint32_t quotient, rest, divisor;

    swexn(stack + STACK_BYTES, give_divisor, NULL, NULL);
    for (int i = 0; i < 2; i++) {                   /* the handler registers itself again */
        __asm__ volatile("divl %%ecx" : "=a"(quotient), "=d"(rest), "=c"(divisor) : "0"(100), "1"(0), "2"(0));
        CHECK_EQUAL(quotient, 25);
        CHECK_EQUAL(divisor, 4);
    }
    CHECK_EQUAL(swexn(NULL, NULL, NULL, NULL), 0);
}

static void undefined(void *argument)
{
    (void)argument;
    __asm__ volatile("ud2");
}

static void breakpoint(void *argument)
{
    (void)argument;
    __asm__ volatile("int3");
}

static void single_step(void *argument)
{
    (void)argument;
    __asm__ volatile("pushfl; orl $0x100, (%esp); popfl; nop; nop");
}

static void other_causes(void)
{
    ureg_t ureg;

    CHECK_EQUAL(catch_exception(undefined, NULL, &ureg), 6);
    CHECK_EQUAL(*(uint16_t *)(uintptr_t)ureg.eip, 0x0B0F);
    CHECK_EQUAL(catch_exception(breakpoint, NULL, NULL), 3);
    CHECK_EQUAL(catch_exception(single_step, NULL, NULL), 1);
    CHECK_EQUAL(catch_read(0x50000000, &ureg), 14);
    CHECK_EQUAL(ureg.error_code, 4);
    CHECK_EQUAL(ureg.cr2, 0x50000000);
    CHECK_EQUAL(catch_write((uintptr_t)catch_write, &ureg), 14);    /* constants */
    CHECK_EQUAL(ureg.error_code, 7);
}

static void refused(const ureg_t *good, uint32_t eip, uint32_t eflags)
{
    ureg_t bad = *good;

    bad.eip = eip;
    bad.eflags = eflags;
    CHECK(swexn(NULL, NULL, NULL, &bad) < 0);
}

/* Flags: IOPL, NT, VM, AC. VIF, VIP, ID and the reserved ones the kernel may refuse or ignore. */
static void bad_arguments(void)
{
    ureg_t good;

    catch_exception(undefined, NULL, &good);
    refused(&good, 0, good.eflags);
    refused(&good, 0x100000, good.eflags);
    refused(&good, 0xC0000000, good.eflags);
    refused(&good, 0xFFFFFFFF, good.eflags);
    refused(&good, good.eip, good.eflags | 0x3000);
    refused(&good, good.eip, good.eflags | 0x4000);
    refused(&good, good.eip, good.eflags | 0x20000);
    refused(&good, good.eip, good.eflags | 0x40000);
    CHECK(swexn(NULL, NULL, NULL, (ureg_t *)0x100000) < 0);
    CHECK(swexn(NULL, NULL, NULL, (ureg_t *)0xFFFFFFF0) < 0);
    CHECK(swexn((void *)0x40000000, mend, NULL, NULL) < 0);
    CHECK(swexn((void *)0x100000, mend, NULL, NULL) < 0);
    CHECK(swexn((void *)0xFFFFFFFF, mend, NULL, NULL) < 0);
    CHECK(swexn(stack + STACK_BYTES, (pebbles_handler *)0x100000, NULL, NULL) < 0);
}

/* A refused swexn leaves the handler that is there. */
static void refusal_changes_nothing(void)
{
    ureg_t bad = { 0 };

    calls = 0;
    CHECK_EQUAL(swexn(stack + STACK_BYTES, mend, (void *)1234, NULL), 0);
    CHECK(swexn(NULL, NULL, NULL, &bad) < 0);
    *(volatile int *)(PAGE + 8) = 1;
    CHECK_EQUAL(calls, 1);
    remove_pages(PAGE);
}

int main(void)
{
    page_fault_is_mended();
    divide_error_is_mended();
    other_causes();
    bad_arguments();
    refusal_changes_nothing();
    return check_result();
}
