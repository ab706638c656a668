/*
 * privileged.c - proves: no instruction that belongs to the kernel works for a program, and each raises an exception
 * the program can catch.
 */
#include "catch.h"
#include "check.h"

#define GENERAL_PROTECTION 13
#define UNDEFINED 6

/* X(name, assembly) */
#define INSTRUCTIONS(X)                                 \
    X(cli, "cli")                                       \
    X(sti, "sti")                                       \
    X(hlt, "hlt")                                       \
    X(in_port, "inb $0x60, %%al")                       \
    X(out_port, "outb %%al, $0x20")                     \
    X(in_string, "insb")                                \
    X(out_string, "outsl")                              \
    X(read_cr0, "movl %%cr0, %%eax")                    \
    X(write_cr0, "movl %%eax, %%cr0")                   \
    X(read_cr2, "movl %%cr2, %%eax")                    \
    X(write_cr3, "movl %%eax, %%cr3")                   \
    X(write_cr4, "movl %%eax, %%cr4")                   \
    X(write_dr7, "movl %%eax, %%dr7")                   \
    X(read_dr0, "movl %%dr0, %%eax")                    \
    X(lgdt, "lgdt (%%ecx)")                             \
    X(lidt, "lidt (%%ecx)")                             \
    X(lldt, "lldt %%ax")                                \
    X(ltr, "ltr %%ax")                                  \
    X(lmsw, "lmsw %%ax")                                \
    X(clts, "clts")                                     \
    X(invlpg, "invlpg (%%ecx)")                         \
    X(invd, "invd")                                     \
    X(wbinvd, "wbinvd")                                 \
    X(rdmsr, "rdmsr")                                   \
    X(wrmsr, "wrmsr")                                   \
    X(hypercall, "int $0xDE")                           \
    X(timer, "int $0x20")                               \
    X(page_fault, "int $14")                            \
    X(far_jump, "ljmp $0x8, $0x1000000")                \
    X(far_call, "lcall $0x10, $0x1000000")              \
    X(load_ds, "movw %%ax, %%ds")                       \
    X(load_ss, "movw %%ax, %%ss")

#define X(name, assembly)                                                                                   \
    static void do_##name(void *memory)                                                                     \
    {                                                                                                       \
        __asm__ volatile(assembly : : "a"(0x10), "c"(memory), "d"(0x60), "S"(memory), "D"(memory) : "memory"); \
    }
INSTRUCTIONS(X)
#undef X

static const struct { const char *name; void (*run)(void *); } instructions[] = {
#define X(name, assembly) { #name, do_##name },
    INSTRUCTIONS(X)
#undef X
};

/* SYSENTER and SYSCALL: which exception depends on the processor. */
static void do_sysenter(void *unused)
{
    (void)unused;
    __asm__ volatile("sysenter" : : : "ecx", "edx", "memory");
}

static void do_syscall(void *unused)
{
    (void)unused;
    __asm__ volatile(".byte 0x0F, 0x05" : : : "ecx", "memory");
}

/* POPF ignores what it may not change: no exception, but interrupts stay on, and IOPL 0. */
static void popf_is_harmless(void)
{
    uint32_t flags;

    __asm__ volatile("pushfl; andl $~0x200, (%%esp); orl $0x3000, (%%esp); popfl; pushfl; popl %0" : "=r"(flags));
    CHECK_EQUAL(flags & 0x3200, 0x200);
}

int main(void)
{
    static char memory[64];

    for (unsigned i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
        int cause = catch_exception(instructions[i].run, memory, NULL);
        if (!CHECK_EQUAL(cause, GENERAL_PROTECTION))
            printf("... by %s\n", instructions[i].name);
    }
    int cause = catch_exception(do_sysenter, NULL, NULL);
    CHECK(cause == GENERAL_PROTECTION || cause == UNDEFINED);
    cause = catch_exception(do_syscall, NULL, NULL);
    CHECK(cause == GENERAL_PROTECTION || cause == UNDEFINED);
    popf_is_harmless();
    for (unsigned i = 0; i < sizeof(memory); i++)
        CHECK_EQUAL(memory[i], 0);
    return check_result();
}
