/*
 * memory_edge.c - accesses outside guest memory, each of which must crash the guest (its vIDT is empty).
 *
 * Paging off: from the end of RAM to 0xFEFFFFFF nothing is present, a #PF. Above 0xFEFFFFFF the segment ends: a #GP (or
 * #SS through the stack), never a #PF. An access that reads what lies there (the hypervisor, another guest, or the
 * guest's own low memory by wrapping around) survives, and that is the failure.
 */
#include "test.h"

static void byte_read(uint32_t address)
{
    uint8_t value;

    __asm__ volatile("movb (%1), %0" : "=q"(value) : "r"(address) : "memory");
    printf("0x%08x holds 0x%02x\n", address, value);
}

static void byte_write(uint32_t address)
{
    __asm__ volatile("movb $1, (%0)" : : "r"(address) : "memory");
}

CASE(read_end)
{
    byte_read(sdk_memory_bytes());
}

CASE(write_end)
{
    byte_write(sdk_memory_bytes());
}

/* Four bytes of which only the last lies outside. */
CASE(read_across_end)
{
    uint32_t value;

    __asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(sdk_memory_bytes() - 3) : "memory");
}

CASE(execute_end)
{
    __asm__ volatile("jmp *%0" : : "r"(sdk_memory_bytes()));
}

CASE(read_middle)
{
    byte_read(0x80000000);
}

CASE(read_last)
{
    byte_read(HV_MAX_GVA);
}

CASE(read_above)
{
    byte_read(HV_MAX_GVA + 1);
}

CASE(write_above)
{
    byte_write(HV_MAX_GVA + 1);
}

/* Linear 0 after the wrap. */
CASE(read_wrap)
{
    byte_read(0xFF000000);
}

CASE(read_top)
{
    byte_read(0xFFFFFFFF);
}

/*
 * Begins below the segment's end, goes on above it. A processor checks the limit first: #GP. An emulator that checks
 * none finds the first byte not present: #PF. No host can tell the two without knowing the operand's size, so only the
 * end is asked for here.
 */
CASE(read_straddle)
{
    uint32_t value;

    __asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(HV_MAX_GVA - 1) : "memory");
}

CASE(execute_above)
{
    __asm__ volatile("jmp *%0" : : "r"(HV_MAX_GVA + 1));
}

CASE(push_at_zero)
{
    __asm__ volatile("movl $0, %%esp; pushl $1" : : : "memory");
}

CASE(push_above)
{
    __asm__ volatile("movl $0xFFFFF000, %%esp; pushl $1" : : : "memory");
}

CASE(push_at_top)
{
    __asm__ volatile("movl $0xFF000000, %%esp; pushl $1" : : : "memory");
}

int main(void)
{
    test_case();
    test_survived();
}
