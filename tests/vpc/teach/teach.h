/*
 * teach.h - the rooms of the teaching Unix, in their reading order: entry.S, main.c (what it does first), machine.c
 * (tables and interrupt controllers), console.c, disk.c, memory.c (frames, address spaces), files.c with ram_disk.S,
 * process.c (who runs), program.c (how one begins), calls.c (what it may ask, how it is killed); user/ is ring 3.
 */
#ifndef TESTS_VPC_TEACH_H
#define TESTS_VPC_TEACH_H

#include "../lib/interrupts.h"
#include "calls.h"

#define KERNEL_BASE 0x80000000u         /* what lies at address 0 of the PC, in every address space */
#define RAM_TOP 0x0E000000u             /* 224 MiB */
#define DEVICES 0xFE000000u             /* from here to the end: the APICs, where they are */
#define PAGE 4096u
#define VECTOR 32u                      /* of line 0 */
#define CALL_VECTOR 0x40u
enum { LINE_TIMER, LINE_KEYBOARD, LINE_SERIAL = 4, LINE_IDE = 14, LINES = 16 };

/* entry.S: keep this stack, go on at that one. */
void switch_stacks(uint32_t *kept, uint32_t to);

/* main.c */
extern volatile uint32_t counts[LINES];     /* interrupts of each line */
/* Until so many of a line have come. */
void wait_for(unsigned line, uint32_t count);
_Noreturn void end(int status);

/* machine.c */
extern uint8_t processors;
bool read_processors(void);
void start_lapic(void);
void start_ioapic(void);
void start_other(void);
void end_interrupt(void);

/* console.c */
void use_console(void);
void begin_session(void);               /* the screen is cleared, and keys are for the shell */
void on_keyboard(void);
void on_serial(void);
void put(char character);
void put_text(const char *text, uint32_t bytes);
void print(const char *text);
void print_number(uint32_t number, uint32_t base, unsigned digits);
uint32_t take_line(char *line, uint32_t room);
void tell_serial(void);

/* disk.c */
void use_disks(void);
bool has_system_disk(void);             /* the second one, if it begins with a directory */
bool read_raw(unsigned disk, uint32_t number, void *to);

/* memory.c. Frames and tables are told by the addresses that the kernel has them at. */
#define PRESENT 1u
#define WRITE 2u
#define USER 4u
extern uint32_t free_frames;
void start_memory(void);                /* the frames below 4 MiB, and an address space of the kernel's own */
void add_frames(void);                  /* all others */
uint32_t *new_space(void);
void free_space(uint32_t *space);
void enter_space(uint32_t *space);      /* NULL: the kernel's */
uint8_t *new_frame(void);
void free_frame(void *frame);
void map(uint32_t *space, uint32_t address, uint8_t *frame, uint32_t rights);
/* The kernel's address of a byte below KERNEL_BASE that has these rights; NULL: there is none. */
uint8_t *find(const uint32_t *space, uint32_t address, uint32_t rights);

/* files.c */
#define NO_FILE (~0u)
void mount(void);
uint32_t open(const char *name);        /* its number */
uint32_t read_file(uint32_t file, uint32_t at, void *to, uint32_t bytes);

/* process.c */
enum state { NOBODY, READY, RUNNING, SLEEPING, DEAD };

struct process {
    enum state state;
    unsigned number;
    uint32_t *space;
    uint8_t *stack;                     /* a frame: its stack in the kernel */
    uint32_t kept;                      /* where that stood when another went on */
    const volatile void *waits_for;
    struct process *parent;
    uint32_t end;                       /* of its memory */
    uint32_t ticks;                     /* that came while it was in ring 3 */
    int status;
};

extern struct process *current;
struct process *new_process(void);      /* with a stack and an address space, and nothing in that */
void begin_process(struct process *process, uint32_t eip, uint32_t esp);
void drop_process(struct process *process);
_Noreturn void run_processes(void);
void give_way(void);
void sleep_on(const volatile void *what);       /* with interrupts off, as it comes back */
void wake(const volatile void *what);
_Noreturn void end_process(int status);
int wait_child(void);

/* program.c */
bool spawn(const char *name, const char *line);

/* calls.c */
void start_calls(void);

/* Interrupts off, and as they were. */
static inline uint32_t hold(void)
{
    uint32_t flags;

    __asm__ volatile("pushfl; popl %0; cli" : "=r"(flags) : : "memory");
    return flags;
}

static inline void let_go(uint32_t flags)
{
    __asm__ volatile("pushl %0; popfl" : : "r"(flags) : "memory", "cc");
}

#endif
