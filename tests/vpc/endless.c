/*
 * endless.c - a processor that never gets out of its events. cmdline= says which: db, a breakpoint on the handler of
 * breakpoints; ac, an #AC whose handler returns to it; irq, a line that stays high, level-triggered, with automatic end
 * of interrupt and a trap gate, on a stack where no memory is. It is for others to end it.
 */
#include "lib/interrupts.h"

#define FLAG_AC 0x40000u

extern const uint8_t gates[256][16];

static uint8_t user_stack[4096] __attribute__((aligned(16)));
static uint64_t stack_table[8];

static void come_back(struct frame *frame)
{
    (void)frame;
}

/* A stack whose ESP has 16 bits goes round in 64 KiB, the first ones: nothing else is needed there any more. */
static void describe_small_stack(void)
{
    struct { uint16_t limit; uint32_t base; } __attribute__((packed)) gdtr;

    __asm__ volatile("sgdt %0" : "=m"(gdtr));
    memcpy(stack_table, (const void *)gdtr.base, gdtr.limit + 1u);
    stack_table[6] = 0x000092000000FFFFull;
    gdtr.base = (uint32_t)stack_table;
    gdtr.limit = sizeof(stack_table) - 1;
    __asm__ volatile("lgdt %0" : : "m"(gdtr));
}

static _Noreturn void endless_debug(uint32_t address)
{
    describe_small_stack();
    __asm__ volatile("movl %0, %%dr0; movl $0x30, %%eax; movl %%eax, %%ss; movl $0xF000, %%esp;"
                     "movl %1, %%dr7; int $1; 1: jmp 1b" : : "b"(address), "c"(0x401) : "eax");
    __builtin_unreachable();
}

static _Noreturn void user(void)
{
    for (;;)
        __asm__ volatile("movl %0, %%eax" : : "m"(user_stack[1]) : "eax");
}

static _Noreturn void endless_alignment(void)
{
    struct frame frame = { .es = DATA3, .ds = DATA3, .eip = (uint32_t)user, .cs = CODE3, .eflags = 2 | FLAG_AC,
                           .esp = (uint32_t)user_stack + sizeof(user_stack) - 16, .ss = DATA3 };

    __asm__ volatile("movl %%cr0, %%eax; orl $0x40000, %%eax; movl %%eax, %%cr0" : : : "eax");
    frame_enter(&frame);
}

static void stay(void)
{
    for (;;)
        ;
}

/* Under SVM each of them is left for in the midst of its delivery, before the processor looks for the host's. */
static _Noreturn void endless_interrupts(void)
{
    struct { uint16_t limit; uint32_t base; } __attribute__((packed)) idtr;

    __asm__ volatile("sidt %0" : "=m"(idtr));
    ((uint64_t *)idtr.base)[PIC_BASE] = ((uint32_t)stay & 0xFFFFu) | CODE0 << 16 | 0x8F0000000000ull |
                                        (uint64_t)((uint32_t)stay & 0xFFFF0000u) << 32;
    outb(0x20, 0x19);           /* the 8259: level-triggered, */
    outb(0x21, PIC_BASE);
    outb(0x21, 4);
    outb(0x21, 3);              /* automatic end of interrupt, */
    outb(0x21, 0xFE);           /* the timer's line alone */
    outb(0x43, 0x30);           /* the 8254, which counts once: its line stays high from then on */
    outb(0x40, 100);
    outb(0x40, 0);
    __asm__ volatile("movl $0xC0000000, %%esp; sti; jmp *%0" : : "r"(stay));
    __builtin_unreachable();
}

int main(uint32_t magic, const uint32_t *info)
{
    static uint8_t stack0[4096];
    const char *line = (const char *)info[4];

    (void)magic;
    for (const char *at = line; *at != '\0'; at++)
        if (*at == ' ')
            line = at + 1;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(1, come_back);
    set_handler(17, come_back);
    say("endless %s\n", line);
    if (line[0] == 'd')
        endless_debug((uint32_t)gates[1]);
    if (line[0] == 'i')
        endless_interrupts();
    endless_alignment();
}
