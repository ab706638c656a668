/*
 * mistake_memory.c - wild pointers, bad stacks, instructions that no guest may use, wrong page tables. As in
 * mistake_call.c, the manifest has the words that each report must hold.
 */
#include "lib/paging.h"

#define PAGE FREE_GVA                               /* in a table of its own */
#define NOTHING 0x70000000u                         /* beyond RAM, and mapped nowhere */

extern uint8_t sdk_stack[];

static uint32_t pd;

/* UD2, as data that somebody jumps to. */
const uint8_t table_of_data[8] = { 0x0F, 0x0B };

static volatile uint32_t sink;

static void page(uint32_t wp)
{
    pd = pd_make();
    *pt_entry(pd, 0) = 0;                           /* NULL points nowhere */
    page_map(pd, PAGE, frame_take(), ENTRY_KERNEL);
    hv_setpd(pd, wp);
}

static void read(uint32_t address)
{
    sink = *(volatile uint32_t *)(uintptr_t)address;
}

static void write(uint32_t address)
{
    *(volatile uint32_t *)(uintptr_t)address = 1;
}

static void jump(uint32_t address)
{
    void (*volatile function)(void) = (void (*)(void))(uintptr_t)address;

    function();
    sink = address;         /* no tail call: the caller is to be found */
}

static void __attribute__((noinline)) recurse(uint32_t depth)
{
    volatile uint8_t space[512];

    space[depth % sizeof(space)] = (uint8_t)depth;
    if (depth != UINT32_MAX)
        recurse(depth + 1);
    space[0] = space[depth % sizeof(space)];
}

CASE(null_read)
{
    page(0);
    read(8);
}

CASE(null_write)
{
    page(0);
    write(8);
}

CASE(null_call)
{
    page(0);
    jump(0);
}

CASE(wild_call)
{
    jump(NOTHING);
}

CASE(call_above)
{
    jump(0xFF001000);
}

CASE(return_address)
{
    __asm__ volatile("pushl $0x61616161; ret");
}

CASE(beyond_ram)
{
    read(sdk_memory_bytes());
}

CASE(above)
{
    read(0xFFFFFFF0);
}

CASE(recursion)
{
    page(0);
    *pt_entry(pd, address_of(sdk_stack)) = 0;       /* a guard page, of the stack's last quarter */
    hv_adjustpg(address_of(sdk_stack));
    recurse(0);
}

CASE(no_stack)
{
    __asm__ volatile("xorl %esp, %esp; pushl %eax");
}

CASE(divide)
{
    uint32_t divisor = sink;

    __asm__ volatile("divl %0" : : "r"(divisor), "a"(1), "d"(0) : "cc");
}

CASE(trap_of_compiler)
{
    __builtin_trap();
}

CASE(data_as_code)
{
    jump(address_of(table_of_data));
}

CASE(port)
{
    __asm__ volatile("inb $0x60, %%al" : : : "eax");
}

CASE(cli)
{
    __asm__ volatile("cli");
}

CASE(cr3)
{
    __asm__ volatile("movl %%eax, %%cr3" : : "a"(0x200000));
}

CASE(lidt)
{
    static uint16_t idtr[3];

    __asm__ volatile("lidt %0" : : "m"(idtr));
}

CASE(msr)
{
    __asm__ volatile("rdmsr" : : "c"(0x1B) : "eax", "edx");
}

CASE(iret)
{
    __asm__ volatile("pushfl; pushl $8; pushl $1f; iret; 1:");
}

CASE(segment)
{
    __asm__ volatile("movw %0, %%ds" : : "r"((uint16_t)0x1234));
}

CASE(hlt_masked)
{
    hlt();
}

CASE(pde_large)
{
    page(0);
    *pd_entry(pd, NOTHING) = ENTRY_BIT_7 | ENTRY_KERNEL;
    read(NOTHING);
}

CASE(pde_beyond)
{
    page(0);
    *pd_entry(pd, NOTHING) = sdk_memory_bytes() | ENTRY_KERNEL;
    read(NOTHING);
}

CASE(pte_beyond)
{
    page(0);
    page_map(pd, PAGE + PAGE_BYTES, 0xDEADB000, ENTRY_KERNEL);
    read(PAGE + PAGE_BYTES);
}

CASE(no_table)
{
    page(0);
    read(NOTHING);
}

CASE(no_page)
{
    page(0);
    read(PAGE + 3 * PAGE_BYTES);
}

CASE(read_only)
{
    page(1);
    page_map(pd, PAGE, frame_take(), ENTRY_P);
    hv_adjustpg(PAGE);
    write(PAGE);
}

int main(void)
{
    test_case();
    test_survived();
}
