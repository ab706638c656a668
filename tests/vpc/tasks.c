/*
 * tasks.c - a small kernel: paging with 4 KiB and 4 MiB pages, two user programs in their own address spaces, switched
 * by the timer, that make system calls; page faults that are served, and one that is not.
 */
#include "lib/interrupts.h"
#include "lib/paging.h"

#define PAGE 4096u
#define PDE_LARGE 0x80u
#define PRESENT 1u
#define WRITE 2u
#define USER 4u
#define USER_CODE 0x40000000u
#define USER_STACK 0x40010000u
#define USER_LAZY 0x50000000u       /* backed by the page fault handler */
#define CALL 0x80u
#define SWITCHES 6u                 /* in all, before either ends: on a busy machine the timer may come late */
#define LAZY_PAGES 8u

struct task {
    uint32_t directory;
    struct frame frame;
    unsigned switches, faults, calls;
    bool is_done;
    int result;
};

extern const uint8_t user_begin[], user_end[];

static struct task tasks[2];
static unsigned current, done_count;
static uint8_t stack0[8192];
static uint32_t next_page = 0x400000;

/* A program: adds up what it stores in lazy pages, tells how far it is, and ends; position-independent. */
__asm__(".globl user_begin, user_end\n"
        "user_begin:\n"
        "    movl $0, %esi\n"
        "    movl %ebx, %ebp\n"
        "1:  movl %esi, %edx\n"
        "    shll $12, %edx\n"
        "    movl %esi, %eax\n"
        "    addl %ebp, %eax\n"
        "    movl %eax, 0x50000000(%edx)\n"
        "    movl $300000, %ecx\n"
        "2:  addl %ecx, %edi\n"
        "    rorl $3, %edi\n"
        "    loop 2b\n"
        "    movl $1, %eax\n"
        "    int $0x80\n"
        "    incl %esi\n"
        "    cmpl $8, %esi\n"
        "    jb 1b\n"
        "    xorl %esi, %esi\n"
        "    xorl %ebx, %ebx\n"
        "3:  movl %esi, %edx\n"
        "    shll $12, %edx\n"
        "    addl 0x50000000(%edx), %ebx\n"
        "    incl %esi\n"
        "    cmpl $8, %esi\n"
        "    jb 3b\n"
        "    pushl %ebx\n"
        "    call 4f\n"
        "4:  popl %eax\n"
        "    popl %ebx\n"
        "5:  movl $100000, %ecx\n"
        "6:  loop 6b\n"
        "    movl $3, %eax\n"
        "    int $0x80\n"
        "    testl %eax, %eax\n"
        "    jz 5b\n"
        "    movl $2, %eax\n"
        "    int $0x80\n"
        "    hlt\n"
        "user_end:\n");

static uint32_t new_page(void)
{
    uint32_t page = next_page;

    next_page += PAGE;
    memset((void *)page, 0, PAGE);
    return page;
}

static void map(uint32_t directory, uint32_t linear, uint32_t page, uint32_t rights)
{
    uint32_t *entry = (uint32_t *)directory + (linear >> 22);

    if (!(*entry & PRESENT))
        *entry = new_page() | PRESENT | WRITE | USER;
    ((uint32_t *)(*entry & ~(PAGE - 1)))[linear >> 12 & 1023] = page | rights;
}

static uint32_t read_cr2(void)
{
    uint32_t value;

    __asm__ volatile("movl %%cr2, %0" : "=r"(value));
    return value;
}

static void make_task(struct task *task, uint32_t seed)
{
    uint32_t code = new_page();

    task->directory = new_page();
    for (unsigned i = 0; i < 8; i++)            /* 32 MiB of the kernel's, in large pages */
        ((uint32_t *)task->directory)[i] = i << 22 | PRESENT | WRITE | PDE_LARGE;
    memcpy((void *)code, user_begin, (size_t)(user_end - user_begin));
    map(task->directory, USER_CODE, code, PRESENT | USER);
    map(task->directory, USER_STACK - PAGE, new_page(), PRESENT | WRITE | USER);
    task->frame = (struct frame){ .es = DATA3, .ds = DATA3, .ebx = seed, .eip = USER_CODE, .cs = CODE3,
                                  .eflags = 0x202, .esp = USER_STACK, .ss = DATA3 };
}

static void pick(struct frame *frame)
{
    unsigned next = tasks[current ^ 1].is_done ? current : current ^ 1;

    if (tasks[next].is_done || next == current)
        return;
    if (!tasks[current].is_done)
        tasks[current].frame = *frame;
    current = next;
    *frame = tasks[current].frame;
    load_cr3(tasks[current].directory);
    tasks[current].switches++;
}

static void on_tick(struct frame *frame)
{
    pic_end(0);
    if ((frame->cs & 3) == 3)
        pick(frame);
}

static void on_page_fault(struct frame *frame)
{
    uint32_t address = read_cr2();
    struct task *task = &tasks[current];

    if ((frame->cs & 3) != 3 || address - USER_LAZY >= LAZY_PAGES * PAGE || frame->error != (WRITE | USER)) {
        say("FAILED page fault at %x, error %x, eip %x\n", address, frame->error, frame->eip);
        outb(0xF4, 3);
    }
    task->faults++;
    map(task->directory, address & ~(PAGE - 1), new_page(), PRESENT | WRITE | USER);
}

static void on_done(struct frame *frame, struct task *task)
{
    task->is_done = true;
    task->result = (int)frame->ebx;
    if (++done_count == 2) {
        say("task 0: %u, %u faults, %u calls\n", (uint32_t)tasks[0].result, tasks[0].faults, tasks[0].calls);
        say("task 1: %u, %u faults, %u calls\n", (uint32_t)tasks[1].result, tasks[1].faults, tasks[1].calls);
        check(tasks[0].switches > 2 && tasks[1].switches > 2, "switched by the timer");
        say("%u failed\n", failures);
        outb(0xF4, failures == 0 ? 42 : 1);
    }
    pick(frame);
}

static void on_call(struct frame *frame)
{
    struct task *task = &tasks[current];

    if (frame->eax == 3) {
        frame->eax = tasks[0].switches + tasks[1].switches >= SWITCHES;
        return;
    }
    task->calls++;
    if (frame->eax == 2)
        on_done(frame, task);
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(PIC_BASE, on_tick);
    set_handler(14, on_page_fault);
    set_handler(CALL, on_call);
    open_gate(CALL);
    make_task(&tasks[0], 100);
    make_task(&tasks[1], 2000);
    start_paging(tasks[0].directory);
    outb(0x43, 0x34);
    outb(0x40, (uint8_t)1193);
    outb(0x40, 1193 >> 8);
    pic_unmask(0);
    say("two tasks\n");
    frame_enter(&tasks[0].frame);
}
