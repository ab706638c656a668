/*
 * event_bad.c - bad input to hv_setidt, hv_iret and delivery: each must crash the guest. Going on is the failure.
 */
#include "test.h"

#define TARGET ((uint32_t)(uintptr_t)&test_survived)
#define STACK ((uint32_t)(uintptr_t)sdk_stack_top)

CASE(setidt_256)
{
    hv_setidt(256, TARGET, 0);
}

CASE(setidt_negative)
{
    hv_setidt((uint32_t)-1, TARGET, 0);
}

CASE(setidt_wide)
{
    hv_setidt(0x80000003, TARGET, 0);
}

CASE(setidt_block_outside)
{
    __asm__ volatile("movl $0x40000000, %%esp; movl $3, %%eax; int $0xDE" : : : "eax", "memory");
}

/* The first two words can be read. */
CASE(setidt_block_across_end)
{
    __asm__ volatile("movl %0, %%esp; movl $3, %%eax; int $0xDE" : : "r"(sdk_memory_bytes() - 8) : "eax", "memory");
}

/* The slot is accepted; delivery through it is not. */
CASE(slot_above_segment)
{
    hv_setidt(0x80, HV_MAX_GVA + 1, 0);
    __asm__ volatile("int $0x80");
}

CASE(slot_emptied)
{
    hv_setidt(0x80, TARGET, 0);
    hv_setidt(0x80, 0, 0);
    __asm__ volatile("int $0x80");
}

CASE(tick_without_slot)
{
    hv_enable_interrupts();
    for (uint64_t start = rdtsc(); rdtsc() - start < 4000000000u;)
        pause();
}

#define FLAG_CASE(name, eflags)                         \
    CASE(name)                                          \
    {                                                   \
        hv_iret(TARGET, eflags, STACK, 0, 0);           \
    }

FLAG_CASE(iret_iopl, EFLAGS_IOPL)
FLAG_CASE(iret_nt, EFLAGS_NT)
FLAG_CASE(iret_vm, EFLAGS_VM)
FLAG_CASE(iret_ac, EFLAGS_AC)
FLAG_CASE(iret_vif, EFLAGS_VIF)
FLAG_CASE(iret_vip, EFLAGS_VIP)
FLAG_CASE(iret_id, EFLAGS_ID)
FLAG_CASE(iret_bit_3, 1u << 3)
FLAG_CASE(iret_bit_5, 1u << 5)
FLAG_CASE(iret_bit_15, 1u << 15)
FLAG_CASE(iret_bit_22, 1u << 22)
FLAG_CASE(iret_bit_31, 1u << 31)

CASE(iret_eip_above)
{
    hv_iret(HV_MAX_GVA + 1, 2, STACK, 0, 0);
}

CASE(iret_eip_top)
{
    hv_iret(0xFFFFFFFF, 2, STACK, 0, 0);
}

/* Guest user mode needs paging. */
CASE(iret_user_without_paging)
{
    hv_iret(TARGET, 2, STACK, STACK - 4096, 0);
}

CASE(iret_block_outside)
{
    __asm__ volatile("movl $0x40000000, %%esp; movl $2, %%eax; int $0xDE" : : : "eax", "memory");
}

CASE(iret_block_across_end)
{
    __asm__ volatile("movl %0, %%esp; movl $2, %%eax; int $0xDE" : : "r"(sdk_memory_bytes() - 16) : "eax", "memory");
}

/* Delivery with a stack that cannot be written. */
static void int_with_esp(uint32_t esp)
{
    hv_setidt(0x80, TARGET, 0);
    __asm__ volatile("movl %0, %%esp; int $0x80" : : "r"(esp) : "memory");
}

CASE(stack_zero)
{
    int_with_esp(0);
}

CASE(stack_too_short)
{
    int_with_esp(16);
}

CASE(stack_outside_ram)
{
    int_with_esp(0x40000000);
}

CASE(stack_across_end)
{
    int_with_esp(sdk_memory_bytes() + 16);
}

CASE(stack_above_segment)
{
    int_with_esp(0xFFFF0000);
}

CASE(adjustpg_before_setpd)
{
    hv_adjustpg(0x100000);
}

int main(void)
{
    test_case();
    test_survived();
}
