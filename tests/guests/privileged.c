/*
 * privileged.c - instructions that belong to the hypervisor alone: each is #GP(0) in guest kernel mode, and the vIDT is
 * empty, so each crashes the guest.
 *
 * The guest runs in ring 1 with IOPL 0 and without an I/O bitmap. Going on behind the instruction is the failure; so is
 * a hypervisor that does not survive (a CLI that worked would stop the clock, an IRET to ring 0 would own the machine).
 */
#include "test.h"

static uint8_t table[64];

CASE(cli)
{
    __asm__ volatile("cli");
}

CASE(sti)
{
    __asm__ volatile("sti");
}

/* Virtual interrupts are off: nothing could wake the guest. */
CASE(hlt)
{
    hlt();
}

CASE(lgdt)
{
    __asm__ volatile("lgdt %0" : : "m"(table));
}

CASE(lidt)
{
    __asm__ volatile("lidt %0" : : "m"(table));
}

CASE(lldt)
{
    __asm__ volatile("lldt %0" : : "r"((uint16_t)0));
}

CASE(ltr)
{
    __asm__ volatile("ltr %0" : : "r"((uint16_t)0x28));
}

CASE(lmsw)
{
    __asm__ volatile("lmsw %0" : : "r"((uint16_t)1));
}

CASE(clts)
{
    __asm__ volatile("clts");
}

CASE(read_cr0)
{
    __asm__ volatile("movl %%cr0, %%eax" : : : "eax");
}

CASE(write_cr0)
{
    __asm__ volatile("movl %0, %%cr0" : : "r"(1));
}

CASE(read_cr2)
{
    __asm__ volatile("movl %%cr2, %%eax" : : : "eax");
}

CASE(read_cr3)
{
    __asm__ volatile("movl %%cr3, %%eax" : : : "eax");
}

CASE(write_cr3)
{
    __asm__ volatile("movl %0, %%cr3" : : "r"(0));
}

CASE(read_cr4)
{
    __asm__ volatile("movl %%cr4, %%eax" : : : "eax");
}

CASE(write_cr4)
{
    __asm__ volatile("movl %0, %%cr4" : : "r"(0));
}

CASE(read_dr0)
{
    __asm__ volatile("movl %%dr0, %%eax" : : : "eax");
}

CASE(write_dr7)
{
    __asm__ volatile("movl %0, %%dr7" : : "r"(0x400));
}

CASE(rdmsr)
{
    __asm__ volatile("rdmsr" : : "c"(0x10) : "eax", "edx");
}

CASE(wrmsr)
{
    __asm__ volatile("wrmsr" : : "c"(0xC0000080), "a"(0), "d"(0));
}

CASE(rdpmc)
{
    __asm__ volatile("rdpmc" : : "c"(0) : "eax", "edx");
}

CASE(invd)
{
    __asm__ volatile("invd");
}

CASE(wbinvd)
{
    __asm__ volatile("wbinvd");
}

CASE(invlpg)
{
    __asm__ volatile("invlpg %0" : : "m"(table));
}

CASE(sysexit)
{
    __asm__ volatile("sysexit" : : "c"(0), "d"(0));
}

/* SYSENTER_CS is 0; processors of one maker call it undefined in this mode. */
CASE(sysenter)
{
    __asm__ volatile("sysenter");
}

CASE(in_byte)
{
    __asm__ volatile("inb $0x60, %%al" : : : "eax");
}

CASE(in_word)
{
    __asm__ volatile("inw %%dx, %%ax" : : "d"(0x3F8) : "eax");
}

CASE(in_dword)
{
    __asm__ volatile("inl %%dx, %%eax" : : "d"(0xCF8) : "eax");
}

CASE(out_byte)
{
    __asm__ volatile("outb %%al, $0x80" : : "a"(0));
}

CASE(out_word)
{
    __asm__ volatile("outw %%ax, %%dx" : : "a"(0), "d"(0x3F8));
}

/* Would end the emulator with a forged verdict. */
CASE(out_dword)
{
    __asm__ volatile("outl %%eax, %%dx" : : "a"(0x10), "d"(0xF4));
}

CASE(ins)
{
    __asm__ volatile("rep insb" : : "c"(1), "d"(0x60), "D"(table) : "memory");
}

CASE(outs)
{
    __asm__ volatile("rep outsb" : : "c"(1), "d"(0x3F8), "S"(table) : "memory");
}

int main(void)
{
    test_case();
    test_survived();
}
