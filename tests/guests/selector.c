/*
 * selector.c - wild selectors: loads, far jumps and returns that must crash the guest with #GP.
 *
 * Guests never need to load a selector, so whatever they load must not open a door: not to ring 0, not to 64-bit code,
 * not to the LDT (whose table would lie at linear 0), not beyond the descriptor table. Going on is the failure.
 */
#include "test.h"

static void far_jump(uint16_t selector)
{
    struct __attribute__((packed)) {
        uint32_t offset;
        uint16_t selector;
    } target = { (uint32_t)(uintptr_t)&test_survived, selector };

    __asm__ volatile("ljmpl *%0" : : "m"(target));
}

static void far_return(uint32_t selector)
{
    __asm__ volatile("pushl %0; pushl %1; lretl" : : "r"(selector), "r"(&test_survived) : "memory");
}

static void interrupt_return(uint32_t selector)
{
    __asm__ volatile("pushfl; pushl %0; pushl %1; iretl" : : "r"(selector), "r"(&test_survived) : "memory");
}

CASE(ds_beyond_table)
{
    __asm__ volatile("movw %0, %%ds" : : "r"((uint16_t)0xFFF8));
}

CASE(ds_local_table)
{
    __asm__ volatile("movw %0, %%ds" : : "r"((uint16_t)0x000F));
}

CASE(ss_null)
{
    __asm__ volatile("movw %0, %%ss" : : "r"((uint16_t)0));
}

CASE(ss_ring_0)
{
    __asm__ volatile("movw %0, %%ss" : : "r"((uint16_t)0x0010));
}

/* Loading null is allowed; using it is not. */
CASE(fs_null_used)
{
    __asm__ volatile("movw %0, %%fs; movl %%fs:0x1000, %%eax" : : "r"((uint16_t)0) : "eax");
}

CASE(jump_null)
{
    far_jump(0);
}

CASE(jump_ring_0)
{
    far_jump(0x0008);
}

CASE(jump_beyond_table)
{
    far_jump(0xFFF8);
}

CASE(jump_local_table)
{
    far_jump(0x000C);
}

CASE(return_ring_0)
{
    far_return(0x0008);
}

CASE(return_null)
{
    far_return(0);
}

CASE(iret_ring_0)
{
    interrupt_return(0x0008);
}

CASE(iret_null)
{
    interrupt_return(0);
}

int main(void)
{
    test_case();
    test_survived();
}
