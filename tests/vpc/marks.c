/*
 * marks.c - a benchmark of what operating systems do all day: a small kernel with paging and two user programs, one of
 * which asks for each operation many times and looks at the time stamp counter. With "times" in its command line it
 * says how long so many took; without, only what came of them, which is the same everywhere.
 *
 * On a clock that counts instructions (clock=instructions, or QEMU's -icount) times are the guest's own instructions.
 */
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
#define CALL 0x80u
#define IDE 0x1F0u
#define SETTLES 5000000u          /* nanoseconds */

enum { CALL_NOTHING, CALL_DROP, CALL_FORK, CALL_YIELD, CALL_SECTOR, CALL_CHARACTER, CALL_SCREEN, CALL_END };

struct task {
    uint32_t directory;
    struct frame frame;
};

struct mark {
    const char *name;
    void (*work)(void);
    unsigned count;                 /* operations that the work is */
    uint32_t time;
};

static struct task tasks[2];
static unsigned current, faults, forks, switches, sectors;
static uint32_t next_page = POOL, next_copy, words_read;
static bool tells_times;
/* Kernels give each task whole pages; elsewhere PUSHA might lie across two, by chance. */
static _Alignas(PAGE) uint8_t stack0[8192], user_stacks[2][PAGE];
static uint32_t sector[128];

/* What runs in privilege 3. */

static inline void call(uint32_t number)
{
    __asm__ volatile("int $0x80" : "+a"(number) : : "memory");
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
        call(CALL_FORK);
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
    { "context switch", do_switches, 1000, 0 }, { "sector read", do_sectors, 50, 0 },
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

static void make_task(struct task *task, void (*program)(void), uint8_t *stack_end)
{
    task->directory = new_page(&next_page);
    for (unsigned i = 0; i < 8; i++)            /* 32 MiB in large pages, for both privileges */
        ((uint32_t *)task->directory)[i] = i << 22 | PRESENT | WRITE | USER | PDE_LARGE;
    ((uint32_t *)task->directory)[LAZY >> 22] = new_page(&next_page) | PRESENT | WRITE | USER;
    task->frame = (struct frame){ .es = DATA3, .ds = DATA3, .eip = (uint32_t)program, .cs = CODE3, .eflags = 2,
                                  .esp = (uint32_t)stack_end, .ss = DATA3 };
}

static void on_page_fault(struct frame *frame)
{
    uint32_t address;

    __asm__ volatile("movl %%cr2, %0" : "=r"(address));
    if (address - LAZY >= LAZY_PAGES * PAGE || frame->error != (WRITE | USER)) {
        say("FAILED page fault at %x, error %x, eip %x\n", address, frame->error, frame->eip);
        outb(0xF4, 3);
    }
    lazy_table(tasks[current].directory)[address >> 12 & 1023] = new_page(&next_page) | PRESENT | WRITE | USER;
    faults++;
}

static void drop_pages(void)
{
    memset(lazy_table(tasks[current].directory), 0, PAGE);
    load_cr3(tasks[current].directory);
}

/* A second address space with copies of all that the first has of its own. */
static void fork(void)
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
        forks++;
    }
}

static void yield(struct frame *frame)
{
    tasks[current].frame = *frame;
    current ^= 1;
    *frame = tasks[current].frame;
    load_cr3(tasks[current].directory);
    switches++;
}

static void read_sector(void)
{
    uint32_t *to = sector, count = 128, lba = sectors % 64;

    outb(IDE + 6, 0xE0);
    while ((inb(0x3F6) & 0xC0) != 0x40)
        ;
    outb(IDE + 2, 1);
    outb(IDE + 3, (uint8_t)lba);
    outb(IDE + 4, 0);
    outb(IDE + 5, 0);
    outb(IDE + 7, 0x20);
    while (!(inb(0x3F6) & 0x08))
        ;
    __asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(IDE) : "memory");
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
    say("%u faults, %u pages copied, %u switches, sectors' words %u\n", faults, forks, switches, words_read);
    outb(0xF4, 42);
}

static void on_call(struct frame *frame)
{
    switch (frame->eax) {
    case CALL_DROP: say("\n"); drop_pages(); break;
    case CALL_FORK: fork(); break;
    case CALL_YIELD: yield(frame); break;
    case CALL_SECTOR: read_sector(); break;
    case CALL_CHARACTER: put_character('.'); break;
    case CALL_SCREEN: put_on_screen('.'); break;
    case CALL_END: end(); break;
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
    outb(0x3F6, 2);                             /* the disk is asked, it does not interrupt */
    make_task(&tasks[0], measuring_program, user_stacks[0] + sizeof(user_stacks[0]));
    make_task(&tasks[1], yielding_program, user_stacks[1] + sizeof(user_stacks[1]));
    start_paging(tasks[0].directory);
    say("marks\n");
    frame_enter(&tasks[0].frame);
}
