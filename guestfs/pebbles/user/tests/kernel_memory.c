/*
 * kernel_memory.c - proves: a program can neither read, write nor run memory that is not its own: page 0, the kernel,
 * holes, the hypervisor.
 */
#include "catch.h"
#include "check.h"

#define GENERAL_PROTECTION 13
#define PAGE_FAULT 14

static void run(void *address)
{
    ((void (*)(void))(uintptr_t)address)();
}

/* Above 0xFF000000 it may be either; below, a page fault with the address. */
static void check_cause(int cause, const ureg_t *ureg, uint32_t address)
{
    if (address >= 0xFF000000 && cause == GENERAL_PROTECTION)
        return;
    if (CHECK_EQUAL(cause, PAGE_FAULT))
        CHECK_EQUAL(ureg->cr2, address);
}

int main(void)
{
    static const uint32_t addresses[] = {
        0, 4, 0xFFF, 0x1000, 0x100000, 0x101000, 0x500000, 0xFFFFFF, 0x30000000, 0x7FFFFFFF, 0x80000000, 0xBFBF0000,
        0xC0000000, 0xC0001000, 0xC1000000, 0xD0000000, 0xFEFFFFFF, 0xFF000000, 0xFF001000, 0xFFC00000, 0xFFFFF000,
        0xFFFFFFFF,
    };

    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        ureg_t ureg;
        check_cause(catch_read(addresses[i], &ureg), &ureg, addresses[i]);
        check_cause(catch_write(addresses[i], &ureg), &ureg, addresses[i]);
        check_cause(catch_exception(run, (void *)(uintptr_t)addresses[i], &ureg), &ureg, addresses[i]);
    }
    return check_result();
}
