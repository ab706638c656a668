/*
 * marks.c - a benchmark of what operating systems do all day: a small kernel with paging and user programs, one of
 * which asks for each operation many times and looks at the time stamp counter. With "times" in its command line it
 * says how long so many took; without, only what came of them, which is the same everywhere.
 *
 * On a clock that counts instructions (clock=instructions, or QEMU's -icount) times are the guest's own instructions.
 */
#include "lib/ide.h"
#include "lib/interrupts.h"
#include "lib/paging.h"
#include "lib/words.h"

#define PAGE 4096u
#define PRESENT 1u
#define WRITE 2u
#define USER 4u
#define PDE_LARGE 0x80u
#define POOL 0x800000u              /* pages for directories, tables and programs: up to the end of 32 MiB */
#define FORK_POOL 0x1000000u        /* those of a copy, used again by the next */
#define LAZY 0x50000000u            /* backed by the page fault handler */
#define LAZY_PAGES 64u
#define PROGRAM LAZY                /* where exec puts a program, and ... */
#define PROGRAM_STACK (LAZY + LAZY_PAGES * PAGE)    /* ... its stack, both in an address space of its own */
#define CALL 0x80u
#define INT_SIZE 2u                 /* of the instruction that calls, which is executed again after a wait */
#define PIPE_SIZE 512u              /* a power of two */
#define SETTLES 30000000u         /* nanoseconds; five million were too few */

enum { CALL_NOTHING, CALL_DROP, CALL_COPY, CALL_YIELD, CALL_SECTOR, CALL_CHARACTER, CALL_SCREEN, CALL_END,
       CALL_WRITE, CALL_READ, CALL_FORK, CALL_EXEC, CALL_EXIT, CALL_WAIT };

/* MEASURING asks for everything; the others are whom it needs for that. CHILD is there between a fork and its exit. */
enum { MEASURING, YIELDING, ECHOING, CHILD, TASKS };

/* Two pipes: what MEASURING writes, and what comes back. */
enum { THERE, BACK, PIPES };

struct task {
    uint32_t directory;
    struct frame frame;
};

struct pipe {
    unsigned written, read;         /* so many in all */
    uint8_t bytes[PIPE_SIZE];
};

struct mark {
    const char *name;
    void (*work)(void);
    unsigned count;                 /* operations that the work is */
    uint32_t time;
};

static struct task tasks[TASKS];
static struct pipe pipes[PIPES];
static unsigned current, faults, copies, switches, sectors, echoes, children;
static bool child_lives;
static uint32_t next_page = POOL, next_copy, words_read;
static bool tells_times;
/* Kernels give each task whole pages; elsewhere PUSHA might lie across two, by chance. */
static _Alignas(PAGE) uint8_t stack0[8192], user_stacks[CHILD][PAGE];
static uint32_t sector[128];

/* What runs in privilege 3. */

static inline uint32_t call_with(uint32_t number, uint32_t which, uint32_t value)
{
    __asm__ volatile("int $0x80" : "+a"(number) : "b"(which), "c"(value) : "memory");
    return number;
}

static inline uint32_t call(uint32_t number)
{
    return call_with(number, 0, 0);
}

/* Apart: the same place each time, so that it is known where a processor is left by it. */
static __attribute__((noinline)) uint32_t now(void)
{
    uint32_t low;

    __asm__ volatile("rdtsc" : "=a"(low) : : "edx");
    return low;
}

static void do_calls(void)
{
    for (unsigned i = 0; i < 1000; i++)
        call(CALL_NOTHING);
}

static void do_faults(void)
{
    for (unsigned i = 0; i < LAZY_PAGES; i++)
        *(volatile uint32_t *)(LAZY + i * PAGE) = i;
}

static void do_forks(void)
{
    for (unsigned i = 0; i < 10; i++)
        call(CALL_COPY);
}

/*
 * What a shell does for each command. The child runs on its parent's stack until it has one of its own, and leaves it
 * alone: the parent waits meanwhile.
 */
static void do_programs(void)
{
    for (unsigned i = 0; i < 10; i++) {
        if (call(CALL_FORK) == CHILD)
            call(CALL_WAIT);
        else
            call(CALL_EXEC);
    }
}

/* A byte there and back, through two pipes and by another task, which sleeps in its read meanwhile. */
static void do_round_trips(void)
{
    for (uint32_t i = 0; i < 500; i++) {
        call_with(CALL_WRITE, THERE, i & 0xFF);
        echoes += call_with(CALL_READ, BACK, 0) == (~i & 0xFF);
    }
}

/* There and back. */
static void do_switches(void)
{
    for (unsigned i = 0; i < 500; i++)
        call(CALL_YIELD);
}

static void do_sectors(void)
{
    for (unsigned i = 0; i < 50; i++)
        call(CALL_SECTOR);
}

static void do_characters(void)
{
    for (unsigned i = 0; i < 79; i++)
        call(CALL_CHARACTER);
}

static void do_screen(void)
{
    for (unsigned i = 0; i < 79; i++)
        call(CALL_SCREEN);
}

/* The last one stores to no text page but in a run that tells times: from then on the console shows that page. */
static struct mark marks[] = {
    { "system call", do_calls, 1000, 0 }, { "page fault", do_faults, LAZY_PAGES, 0 }, { "fork", do_forks, 10, 0 },
    { "program", do_programs, 10, 0 }, { "context switch", do_switches, 1000, 0 },
    { "pipe", do_round_trips, 500, 0 }, { "sector read", do_sectors, 50, 0 },
    { "character", do_characters, 79, 0 }, { "screen character", do_screen, 79, 0 },
};
#define MARKS (sizeof(marks) / sizeof(marks[0]))

/* What was said before is on its way out by now: that is nobody's work that is measured. */
static void settle(void)
{
    uint32_t begin = now();

    while (tells_times && now() - begin < SETTLES)
        ;
}

/* The first pass decodes and translates. */
static void measuring_program(void)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        call(CALL_DROP);
        settle();
        for (unsigned i = 0; i < (tells_times ? MARKS : MARKS - 1); i++) {
            uint32_t begin = now();
            marks[i].work();
            marks[i].time = now() - begin;
        }
    }
    call(CALL_END);
}

static void yielding_program(void)
{
    for (;;)
        call(CALL_YIELD);
}

/* All bits turned round, so that the byte is seen to have been here. */
static void echoing_program(void)
{
    for (;;)
        call_with(CALL_WRITE, BACK, ~call_with(CALL_READ, THERE, 0) & 0xFF);
}

/*
 * What exec loads: a program that is told where it is by where it runs. It has a stack and two pages of data that
 * nobody backed yet, as a C library's start has, and says by its exit that they were good.
 */
extern const uint8_t program[], program_end[];
__asm__("program: call 1f\n"
        "1: popl %ebx\n"
        "   andl $-0x1000, %ebx\n"
        "   movl $7, 0x1000(%ebx)\n"
        "   movl $35, 0x2000(%ebx)\n"
        "   movl 0x1000(%ebx), %ecx\n"
        "   addl 0x2000(%ebx), %ecx\n"
        "   movl $12, %eax\n"              /* CALL_EXIT */
        "   int $0x80\n"
        "program_end:\n");
_Static_assert(CALL_EXIT == 12, "as the program has it");

/* The kernel. */

static uint32_t new_page(uint32_t *next)
{
    uint32_t page = *next;

    *next += PAGE;
    memset((void *)page, 0, PAGE);
    return page;
}

static uint32_t *lazy_table(uint32_t directory)
{
    return (uint32_t *)(((uint32_t *)directory)[LAZY >> 22] & ~(PAGE - 1));
}

/* Where the next page of the current task comes from: a child's go with it. */
static uint32_t *pool(void)
{
    return current == CHILD ? &next_copy : &next_page;
}

/* All that tasks share, and a table of their own for the rest. */
static uint32_t new_space(uint32_t *next)
{
    uint32_t directory = new_page(next);

    for (unsigned i = 0; i < 8; i++)            /* 32 MiB in large pages, for both privileges */
        ((uint32_t *)directory)[i] = i << 22 | PRESENT | WRITE | USER | PDE_LARGE;
    ((uint32_t *)directory)[LAZY >> 22] = new_page(next) | PRESENT | WRITE | USER;
    return directory;
}

static struct frame first_frame(uint32_t eip, uint32_t esp)
{
    return (struct frame){ .es = DATA3, .ds = DATA3, .eip = eip, .cs = CODE3, .eflags = 2, .esp = esp, .ss = DATA3 };
}

static void make_task(unsigned task, void (*entry)(void))
{
    uint8_t *stack = user_stacks[task];

    tasks[task].directory = new_space(&next_page);
    tasks[task].frame = first_frame((uint32_t)entry, (uint32_t)(stack + sizeof(user_stacks[task])));
}

static void on_page_fault(struct frame *frame)
{
    uint32_t address;

    __asm__ volatile("movl %%cr2, %0" : "=r"(address));
    if (address - LAZY >= LAZY_PAGES * PAGE || frame->error != (WRITE | USER)) {
        say("FAILED page fault at %x, error %x, eip %x\n", address, frame->error, frame->eip);
        outb(0xF4, 3);
    }
    lazy_table(tasks[current].directory)[address >> 12 & 1023] = new_page(pool()) | PRESENT | WRITE | USER;
    faults++;
}

static void drop_pages(void)
{
    memset(lazy_table(tasks[current].directory), 0, PAGE);
    load_cr3(tasks[current].directory);
}

/* A second address space with copies of all that the first has of its own. */
static uint32_t copy_space(void)
{
    const uint32_t *from = lazy_table(tasks[current].directory);

    next_copy = FORK_POOL;
    uint32_t directory = new_page(&next_copy), table = new_page(&next_copy);
    memcpy((void *)directory, (void *)tasks[current].directory, PAGE);
    ((uint32_t *)directory)[LAZY >> 22] = table | PRESENT | WRITE | USER;
    for (unsigned i = 0; i < 1024; i++) {
        if (!(from[i] & PRESENT))
            continue;
        uint32_t page = next_copy;
        next_copy += PAGE;
        memcpy((void *)page, (void *)(from[i] & ~(PAGE - 1)), PAGE);
        ((uint32_t *)table)[i] = page | (from[i] & (PAGE - 1));
        copies++;
    }
    return directory;
}

static void switch_to(unsigned task, struct frame *frame)
{
    tasks[current].frame = *frame;
    current = task;
    *frame = tasks[current].frame;
    load_cr3(tasks[current].directory);
    switches++;
}

/* Another one's turn, and the call once more when it is this one's again. */
static void wait_for(unsigned task, struct frame *frame)
{
    frame->eip -= INT_SIZE;
    switch_to(task, frame);
}

static void write_pipe(struct frame *frame)
{
    struct pipe *pipe = &pipes[frame->ebx % PIPES];

    if (pipe->written - pipe->read == PIPE_SIZE)
        wait_for(MEASURING + ECHOING - current, frame);
    else
        pipe->bytes[pipe->written++ % PIPE_SIZE] = (uint8_t)frame->ecx;
}

static void read_pipe(struct frame *frame)
{
    struct pipe *pipe = &pipes[frame->ebx % PIPES];

    if (pipe->written == pipe->read)
        wait_for(MEASURING + ECHOING - current, frame);
    else
        frame->eax = pipe->bytes[pipe->read++ % PIPE_SIZE];
}

/* The parent's number of it is CHILD, which is not what the child is told. */
static void fork(struct frame *frame)
{
    tasks[CHILD].directory = copy_space();
    tasks[CHILD].frame = *frame;
    tasks[CHILD].frame.eax = MEASURING;
    child_lives = true;
    frame->eax = CHILD;
}

/* Another program in place of this one: a new address space, the program in its first page, a stack. */
static void exec(struct frame *frame)
{
    uint32_t page;

    tasks[current].directory = new_space(&next_copy);
    page = new_page(&next_copy);
    memcpy((void *)page, program, (size_t)(program_end - program));
    lazy_table(tasks[current].directory)[0] = page | PRESENT | WRITE | USER;
    *frame = first_frame(PROGRAM, PROGRAM_STACK);
    load_cr3(tasks[current].directory);
}

static void exit(struct frame *frame)
{
    child_lives = false;
    children += frame->ecx;
    switch_to(MEASURING, frame);
}

static void read_sector(void)
{
    ide_select(0, sectors % 64, 1);
    outb(IDE + 7, IDE_READ);
    ide_wait_data();
    ide_read_words(sector, SECTOR_DWORDS);
    (void)inb(IDE + 7);
    words_read += sector[0];
    sectors++;
}

/*
 * As teaching kernels write a character to both of their consoles: to the serial line, and to the screen at the cursor,
 * which is asked of the screen, moved, and shown on a blank.
 */
static void put_on_screen(char character)
{
    uint16_t *page = (uint16_t *)0xB8000;
    unsigned at;

    put_character(character);
    outb(0x3D4, 14);
    at = (unsigned)inb(0x3D5) << 8;
    outb(0x3D4, 15);
    at = (at | inb(0x3D5)) % 1920;
    *(volatile uint16_t *)&page[at] = (uint16_t)(0x0700 | (uint8_t)character);
    at++;
    outb(0x3D4, 14);
    outb(0x3D5, (uint8_t)(at >> 8));
    outb(0x3D4, 15);
    outb(0x3D5, (uint8_t)at);
    *(volatile uint16_t *)&page[at] = 0x0720;
}

static void end(void)
{
    say("\n");
    for (unsigned i = 0; i < MARKS && tells_times; i++)
        say("%s %u %u\n", marks[i].name, marks[i].count, marks[i].time);
    say("%u faults, %u pages copied, %u switches, sectors' words %u\n", faults, copies, switches, words_read);
    say("%u bytes came back, programs' exits %u\n", echoes, children);
    outb(0xF4, 42);
}

static void on_call(struct frame *frame)
{
    switch (frame->eax) {
    case CALL_DROP: say("\n"); drop_pages(); break;
    case CALL_COPY: copy_space(); break;
    case CALL_YIELD: switch_to(MEASURING + YIELDING - current, frame); break;
    case CALL_SECTOR: read_sector(); break;
    case CALL_CHARACTER: put_character('.'); break;
    case CALL_SCREEN: put_on_screen('.'); break;
    case CALL_END: end(); break;
    case CALL_WRITE: write_pipe(frame); break;
    case CALL_READ: read_pipe(frame); break;
    case CALL_FORK: fork(frame); break;
    case CALL_EXEC: exec(frame); break;
    case CALL_EXIT: exit(frame); break;
    case CALL_WAIT:
        if (child_lives)
            wait_for(CHILD, frame);
        break;
    default: break;
    }
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic;
    tells_times = has_word((const char *)info[4], "times");
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(14, on_page_fault);
    set_handler(CALL, on_call);
    open_gate(CALL);
    outb(IDE_CONTROL, 2);                            /* the disk is asked, it does not interrupt */
    make_task(MEASURING, measuring_program);
    make_task(YIELDING, yielding_program);
    make_task(ECHOING, echoing_program);
    start_paging(tasks[MEASURING].directory);
    say("marks\n");
    frame_enter(&tasks[MEASURING].frame);
}
