/*
 * starve.c - a guest that gives the processor away at no instruction: the hypervisor must stay in charge all the same.
 *
 * Each case goes round and round in what puts interrupts off (a load of SS does, for one instruction) or in what traps
 * at every instruction. The verdict is the hypervisor's clock: it ends the guest when its time is over. A machine
 * that hangs instead gives none.
 */
#include "test.h"

#define SLOT_DEBUG 1
#define SLOT_UNDEFINED 6
#define SLOT_PAGE_FAULT 14
#define SLOT_OWN 0x40

#define AGAIN(instruction) "1: movl $starve_stack_top, %%esp\n\t" instruction "\n\tjmp 1b"

/* A handler that forgets where it came from, and does it again. */
#define HANDLER(name, instructions) \
    extern const char starve_##name[]; \
    __asm__(".text\nstarve_" #name ": movl $starve_stack_top, %esp\n" instructions "\njmp starve_" #name)

static uint8_t stack[4096] __asm__("starve_stack") __attribute__((aligned(16), used));
__asm__(".set starve_stack_top, starve_stack + 4096");

HANDLER(undefined, "ud2");
HANDLER(fault, "movl 0xF0000000, %eax");
HANDLER(beyond, "movl 0xFFFFFFF0, %eax");
HANDLER(interrupt, "int $0x40");
HANDLER(step, "pushfl\n orl $0x100, (%esp)\n popfl\n nop");

static void start(uint32_t slot, const char *handler)
{
    hv_setidt(slot, (uint32_t)handler, 1);
    __asm__ volatile("jmp *%0" : : "r"(handler));
}

CASE(mov_ss)
{
    __asm__ volatile("movl %%ss, %%eax\n1: movl %%eax, %%ss\n\tmovl %%eax, %%ss\n\tmovl %%eax, %%ss\n\tjmp 1b" : : :
                     "eax");
}

CASE(pop_ss)
{
    __asm__ volatile("1: pushl %%ss\n\tpopl %%ss\n\tjmp 1b" : : : "memory");
}

/* The trap comes where interrupts are put off. */
CASE(mov_ss_int)
{
    hv_setidt(SLOT_OWN, (uint32_t)starve_interrupt, 1);
    __asm__ volatile("movl %%ss, %%eax\n" AGAIN("movl %%eax, %%ss\n\tmovl $0, %%eax\n\tint $0xDE\n\tmovl %%ss, %%eax")
                     : : : "eax", "memory");
}

CASE(exceptions)
{
    start(SLOT_UNDEFINED, starve_undefined);
}

CASE(page_faults)
{
    start(SLOT_PAGE_FAULT, starve_fault);
}

CASE(beyond_faults)
{
    start(13, starve_beyond);
}

CASE(interrupts)
{
    start(SLOT_OWN, starve_interrupt);
}

CASE(steps)
{
    start(SLOT_DEBUG, starve_step);
}

/* Frames pile up below the image until one meets what cannot be written: the guest ends, not the hypervisor. */
CASE(pile)
{
    hv_setidt(SLOT_UNDEFINED, (uint32_t)starve_undefined + 5, 1);
    __asm__ volatile("movl $0x8000, %esp\n\tud2");
}

int main(void)
{
    test_case();
    test_survived();
}
