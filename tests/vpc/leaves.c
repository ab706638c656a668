/*
 * leaves.c - whatever makes a processor under a hypervisor leave its guest, one after the other: each does what it does
 * on a PC of its own. Instructions that a processor may or may not have are asked only for a fault and not for which.
 */
#include "lib/interrupts.h"

static volatile unsigned vector_seen, traps;

/* A fault in an instruction that tells its length in EBX: it is skipped. */
static void skip(struct frame *frame)
{
    vector_seen = frame->vector;
    frame->eip += frame->ebx;
}

static void trap(struct frame *frame)
{
    uint32_t none = 0;

    (void)frame;
    traps++;
    __asm__ volatile("movl %0, %%dr6" : : "r"(none));
}

static uint8_t nothing[4096] __attribute__((aligned(4096)));    /* what operands in memory are */

/*
 * Execute some bytes with EAX as given, ECX and EDX 0: where an instruction is there it works with that, so that its
 * own checks do not hide it. Gives the vector of its fault; 0: none.
 */
#define TRY_WITH(eax, length, bytes)                                                                                  \
    (vector_seen = 0,                                                                                                 \
     ({ uint32_t a = (eax), c = 0, d = 0;                                                                             \
        __asm__ volatile(".byte " bytes : "+a"(a), "+c"(c), "+d"(d) : "b"(length) : "memory"); vector_seen; }))
#define TRY(length, bytes) TRY_WITH((uint32_t)nothing, length, bytes)

static void refuses(unsigned vector, unsigned wanted, const char *name)
{
    check(vector == wanted, name);
    say("%s: vector %u\n", name, vector);
}

/* An instruction that is there without what it is about, or is not there: either is a fault. */
static void faults(unsigned vector, const char *name)
{
    check(vector == 6 || vector == 13, name);
    say("%s: a fault\n", name);
}

/* A hypervisor's own. */
static void test_virtual(void)
{
    refuses(TRY(3, "0x0F,0x01,0xD8"), 6, "vmrun");
    refuses(TRY(3, "0x0F,0x01,0xD9"), 6, "vmmcall");
    refuses(TRY(3, "0x0F,0x01,0xDA"), 6, "vmload");
    refuses(TRY(3, "0x0F,0x01,0xDB"), 6, "vmsave");
    refuses(TRY(3, "0x0F,0x01,0xDC"), 6, "stgi");
    refuses(TRY(3, "0x0F,0x01,0xDD"), 6, "clgi");
    refuses(TRY(3, "0x0F,0x01,0xDE"), 6, "skinit");
    refuses(TRY(3, "0x0F,0x01,0xDF"), 6, "invlpga");
    refuses(TRY(3, "0x0F,0x01,0xFE"), 6, "invlpgb");
    refuses(TRY(3, "0x0F,0x01,0xFF"), 6, "tlbsync");
    refuses(TRY(3, "0x0F,0x01,0xC1"), 6, "vmcall");
    refuses(TRY(4, "0xF3,0x0F,0xC7,0x30"), 6, "vmxon");
    refuses(TRY(3, "0x0F,0x78,0xC0"), 6, "vmread");
    refuses(TRY(2, "0x0F,0x37"), 6, "getsec");
    refuses(TRY(2, "0x0F,0xAA"), 6, "rsm");
}

/* What CPUID does not show; RDTSCP is in absent.c. */
static void test_undefined(void)
{
    refuses(TRY(3, "0x0F,0x01,0xC8"), 6, "monitor");
    refuses(TRY(3, "0x0F,0x01,0xC9"), 6, "mwait");
    refuses(TRY(3, "0x0F,0x01,0xFA"), 6, "monitorx");
    refuses(TRY(3, "0x0F,0x01,0xFB"), 6, "mwaitx");
    refuses(TRY(3, "0x0F,0x01,0xFD"), 6, "rdpru");
    refuses(TRY(5, "0x66,0x0F,0x38,0x82,0x08"), 6, "invpcid");
    refuses(TRY(4, "0xF3,0x0F,0x01,0xFA"), 6, "mcommit");
    refuses(TRY(3, "0x0F,0x01,0xEE"), 6, "rdpkru");
    refuses(TRY(2, "0x0F,0x05"), 6, "syscall");
    refuses(TRY(2, "0x0F,0x0B"), 6, "ud2");
    refuses(TRY(3, "0x0F,0x20,0xC8"), 6, "mov from cr1");
    faults(TRY(2, "0x0F,0x33"), "rdpmc");
    faults(TRY(2, "0x0F,0x34"), "sysenter");
}

/* XCR0 is out of reach as long as CR4.OSXSAVE is 0, which absent.c cannot change: no world switch has to keep it. */
static void test_xcr0(void)
{
    refuses(TRY_WITH(1, 3, "0x0F,0x01,0xD1"), 6, "xsetbv");
    refuses(TRY(3, "0x0F,0x01,0xD0"), 6, "xgetbv");
    refuses(TRY(3, "0x0F,0xAE,0x20"), 6, "xsave");
    refuses(TRY(3, "0x0F,0xAE,0x28"), 6, "xrstor");
}

static void test_privileged(void)
{
    uint32_t value, low, high;

    refuses(TRY(2, "0x0F,0x08"), 0, "invd");
    refuses(TRY(2, "0x0F,0x09"), 0, "wbinvd");
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0x10));
    __asm__ volatile("movl %%dr7, %0" : "=r"(value));
    check(value == 0x400, "dr7");
    __asm__ volatile("movl %1, %%dr0; movl %%dr0, %0" : "=r"(value) : "r"(0x1234u));
    check(value == 0x1234, "dr0");
    __asm__ volatile("movl %%cr4, %0; movl %0, %%cr4" : "=r"(value));
    check(value == 0, "cr4");
    __asm__ volatile("movl %%cr0, %0; orl $8, %0; movl %0, %%cr0; clts; movl %%cr0, %0" : "=r"(value));
    check((value & 8) == 0, "clts");
    __asm__ volatile("smsw %0; lmsw %w0" : "=r"(value));
    __asm__ volatile("movl %1, %%cr3; movl %%cr3, %0" : "=r"(value) : "r"(0x5000u));
    check(value == 0x5000, "cr3");
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    __asm__ volatile("rdtsc" : "=a"(value), "=d"(high));
    check(value != low, "rdtsc");
    say("registers\n");
}

/* Single steps over what leaves the guest: one trap behind each, none lost. */
static void test_steps(void)
{
    traps = 0;
    __asm__ volatile("pushfl; orl $0x100, (%%esp); popfl\n"
                     "inb $0x21, %%al\n"
                     "xorl %%eax, %%eax; cpuid\n"
                     "movl %%dr1, %%eax\n"
                     "movl $0x3, %%ecx; movl $0xFEE00000, %%edx\n"
                     "movl 0x30(%%edx), %%eax\n"
                     "nop\n"
                     "pushfl; andl $~0x100, (%%esp); popfl" : : : "eax", "ebx", "ecx", "edx", "memory");
    say("%u single steps\n", traps);
    check(traps == 11, "single steps");
}

/* A device's page, and what nobody has, by each width, and in a string. */
static void test_memory(void)
{
    volatile uint32_t *apic = (volatile uint32_t *)0xFEE00000;
    volatile uint8_t *nobody = (volatile uint8_t *)0xF0000000;
    static uint8_t copy[64];

    apic[0x80 / 4] = 0x20;
    check(apic[0x80 / 4] == 0x20, "a device's word");
    apic[0x80 / 4] = 0;
    (void)nobody[0], (void)*(volatile uint16_t *)nobody, (void)*(volatile uint32_t *)nobody;
    const void *from = (const void *)0xF0000000;
    void *to = copy;
    uint32_t count = sizeof(copy);
    __asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
    check(copy[0] == copy[63] && count == 0 && from == (const void *)0xF0000040, "a string of it");
    say("memory\n");
}

static volatile unsigned ticks;

static void tick(struct frame *frame)
{
    (void)frame;
    ticks++;
    pic_end(0);
}

/* An interrupt that comes between STI and HLT must end the HLT, however often. */
static void test_halts(void)
{
    set_handler(PIC_BASE, tick);
    outb(0x43, 0x34);
    outb(0x40, 0xA9);
    outb(0x40, 0x04);               /* every millisecond */
    pic_unmask(0);
    while (ticks < 100)
        sti_hlt_cli();
    pic_mask_all();
    say("halts\n");
}

int main(uint32_t magic, const uint32_t *info)
{
    static uint8_t stack0[4096];

    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(6, skip);
    set_handler(13, skip);
    set_handler(1, trap);
    test_virtual();
    test_undefined();
    test_xcr0();
    test_privileged();
    test_steps();
    test_memory();
    test_halts();
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
