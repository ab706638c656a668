/*
 * align.c - alignment checks: #AC in user mode with CR0.AM and EFLAGS.AC, for what is not aligned, and nothing else. An
 * emulator may have none (QEMU 7.2's has none): then each says so.
 */
#include "lib/interrupts.h"

#define FLAG_AC 0x40000u
#define FLAGS_USER 0x3002u              /* IOPL 3: user mode may use the serial line */
#define CALL_END 0x80u

static volatile unsigned faults;
static volatile uint32_t error;
static uint8_t user_stack[4096] __attribute__((aligned(16)));
static uint8_t data[64] __attribute__((aligned(16)));
static void *resume[5];

/* Its length is in EBX. */
static void on_alignment(struct frame *frame)
{
    faults++;
    error = frame->error;
    frame->eip += frame->ebx;
}

static void on_end(struct frame *frame)
{
    (void)frame;
    __builtin_longjmp(resume, 1);
}

static void tell(const char *name)
{
    say("%s: %u\n", name, faults);
    faults = 0;
}

#define TRY(name, at, instruction)                                                                                  \
    do {                                                                                                            \
        __asm__ volatile("movl $2f - 1f, %%ebx; 1: " instruction "; 2:" : : "S"(data + (at)) :                       \
                         "eax", "ebx", "memory");                                                                    \
        tell(name);                                                                                                 \
    } while (0)

static void user(void)
{
    TRY("a word, aligned", 4, "movl (%%esi), %%eax");
    TRY("a word, read", 1, "movl (%%esi), %%eax");
    TRY("a word, written", 2, "movl %%eax, (%%esi)");
    TRY("a word, changed", 3, "incl (%%esi)");
    TRY("half a word, aligned", 2, "movw (%%esi), %%ax");
    TRY("half a word", 1, "movw (%%esi), %%ax");
    TRY("a byte", 1, "movb (%%esi), %%al");
    __asm__ volatile("pushfl; andl %0, (%%esp); popfl" : : "i"(~FLAG_AC) : "memory");
    TRY("a word, AC off", 1, "movl (%%esi), %%eax");
    __asm__ volatile("int $0x80");
}

static void enter_user(uint32_t flags)
{
    struct frame frame = { .es = DATA3, .ds = DATA3, .eip = (uint32_t)user, .cs = CODE3, .eflags = flags,
                           .esp = (uint32_t)user_stack + sizeof(user_stack) - 16, .ss = DATA3 };

    if (__builtin_setjmp(resume) == 0)
        frame_enter(&frame);
}

int main(uint32_t magic, const uint32_t *info)
{
    static uint8_t stack0[8192];

    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(17, on_alignment);
    set_handler(CALL_END, on_end);
    open_gate(CALL_END);
    __asm__ volatile("pushfl; orl %0, (%%esp); popfl; movl %1, %%eax" : : "i"(FLAG_AC), "m"(data[1]) : "eax", "memory");
    tell("the kernel's own");
    say("without AM\n");
    enter_user(FLAGS_USER | FLAG_AC);
    __asm__ volatile("movl %%cr0, %%eax; orl $0x40000, %%eax; movl %%eax, %%cr0" : : : "eax");
    say("with AM\n");
    enter_user(FLAGS_USER | FLAG_AC);
    say("error %x\n", error);
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
