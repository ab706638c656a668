/*
 * main.c - from the hypervisor's launch to init, and then the idle loop.
 */
#include "exec.h"
#include "frames.h"
#include "guest.h"
#include "halt.h"
#include "panic.h"
#include "sched.h"
#include "sdk.h"
#include "trap.h"

#define INIT "init"

/* The table of frames lies behind the image; all RAM but that, the image and frame 0 is free. */
static void memory_boot(void)
{
    uint32_t count = sdk_launch.ebx + 1;
    uint32_t image_start = (uint32_t)(uintptr_t)guest_start, table = (uint32_t)(uintptr_t)guest_end;

    if (count > VM_FRAMES_MAX)
        count = VM_FRAMES_MAX;
    table = (table + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    uint32_t end = table + count * (uint32_t)sizeof(struct frame);
    ASSERT(end <= PEBBLES_USER_START);
    frames_init((struct frame *)(uintptr_t)table, count);
    /* The free list is last in, first out: what the kernel needs before paging is on, low frames, comes last. */
    for (uint32_t frame = count; --frame > FRAME_NONE;) {
        if (frame < image_start / PAGE_BYTES || frame * PAGE_BYTES >= end)
            frames_add(frame);
    }
    vm_boot(count);
}

/* The first task: parentless, thread 1. */
static void init_start(void)
{
    static const struct exec_arguments arguments = { .name = INIT, .count = 1, .bytes = sizeof(INIT), .text = INIT };
    struct event registers;
    uint32_t directory;
    int32_t result = exec_build(&arguments, &directory, &registers);

    if (result != 0)
        panic("no init: %d", (int)result);
    struct task *task = task_create(NULL, directory);
    struct thread *thread = task == NULL ? NULL : thread_create(task, &registers);
    if (thread == NULL)
        panic("no memory for init");
    sched_ready(thread);
}

int main(void)
{
    memory_boot();
    trap_boot();
    guest_boot();
    halt_prepare();
    init_start();
    /* An interrupt that makes somebody ready switches away from here: see sched_wake_idle. */
    for (;;) {
        hv_enable_interrupts();
        hlt();
    }
}
