/*
 * process.c - who runs: a table, each with a stack in the kernel, by turns that the timer ends; the first stack, which
 * belongs to nobody, looks for the next one, and spins if there is none.
 */
#include "teach.h"

#define PROCESSES 8u

static struct process table[PROCESSES];
static uint32_t scheduler;              /* its stack, while a process runs */
static unsigned last_number;
struct process *current;

/* Where a process comes to at its first turn. */
static void first_turn(void)
{
    frame_enter((const struct frame *)(current->stack + PAGE) - 1);
}

struct process *new_process(void)
{
    for (struct process *process = table; process < table + PROCESSES; process++) {
        if (process->state != NOBODY)
            continue;
        *process = (struct process){ .number = ++last_number, .parent = current, .space = new_space(),
                                     .stack = new_frame() };
        return process;
    }
    return NULL;
}

void begin_process(struct process *process, uint32_t eip, uint32_t esp)
{
    struct frame *frame = (struct frame *)(process->stack + PAGE) - 1;
    uint32_t *kept = (uint32_t *)frame - 6;

    *frame = (struct frame){ .es = DATA3, .ds = DATA3, .eip = eip, .cs = CODE3, .eflags = 0x202, .esp = esp,
                             .ss = DATA3 };
    kept[4] = (uint32_t)first_turn;     /* above the four that switch_stacks takes */
    process->kept = (uint32_t)kept;
    process->state = READY;
}

void drop_process(struct process *process)
{
    free_space(process->space);
    free_frame(process->stack);
    process->state = NOBODY;
}

void run_processes(void)
{
    for (;;) {
        sti();
        __asm__ volatile("nop");
        cli();
        for (struct process *process = table; process < table + PROCESSES; process++) {
            if (process->state != READY)
                continue;
            current = process;
            process->state = RUNNING;
            set_stack0((uint32_t)process->stack + PAGE);
            enter_space(process->space);
            switch_stacks(&scheduler, process->kept);
            current = NULL;
            enter_space(NULL);
        }
    }
}

void give_way(void)
{
    current->state = READY;
    switch_stacks(&current->kept, scheduler);
}

void sleep_on(const volatile void *what)
{
    if (current == NULL) {              /* nobody else is there yet */
        sti();
        __asm__ volatile("nop");
        cli();
        return;
    }
    current->waits_for = what;
    current->state = SLEEPING;
    switch_stacks(&current->kept, scheduler);
}

void wake(const volatile void *what)
{
    for (struct process *process = table; process < table + PROCESSES; process++)
        if (process->state == SLEEPING && process->waits_for == what)
            process->state = READY;
}

/* The stack that this runs on is its parent's to free. */
void end_process(int status)
{
    cli();
    if (current->parent == NULL) {
        print("the shell has ended\n");
        end(1);
    }
    for (struct process *process = table; process < table + PROCESSES; process++)
        if (process->parent == current)
            process->parent = current->parent;
    current->status = status;
    current->state = DEAD;
    wake(current->parent);
    switch_stacks(&current->kept, scheduler);
    __builtin_unreachable();
}

/* The status of one that has ended; -1 without children. */
int wait_child(void)
{
    for (;;) {
        bool has_child = false;
        cli();
        for (struct process *process = table; process < table + PROCESSES; process++) {
            if (process->state == NOBODY || process->parent != current)
                continue;
            has_child = true;
            if (process->state == DEAD) {
                drop_process(process);
                return process->status;
            }
        }
        if (!has_child)
            return -1;
        sleep_on(current);
    }
}
