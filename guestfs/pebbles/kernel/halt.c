/*
 * halt.c - see halt.h; and panic.
 */
#include "frames.h"
#include "halt.h"
#include "panic.h"
#include "sdk.h"
#include "sched.h"

static uint32_t free_at_start;

void halt_prepare(void)
{
    ASSERT(frames_promised() == 0);
    free_at_start = frames_free();
}

/* The frames under our own feet, too: nobody takes them from the free list any more. */
_Noreturn void halt(int32_t status)
{
    vm_activate(VM_KERNEL);
    LIST_EACH(node, &all_threads)
        frames_drop(frame_of(LIST_ENTRY(node, struct thread, node)));
    if (!sched_is_idle() && list_is_empty(&sched_current()->node))
        frames_drop(frame_of(sched_current()));     /* it was the last of its task */
    LIST_EACH(node, &all_tasks) {
        struct task *task = LIST_ENTRY(node, struct task, node);
        if (task->directory != FRAME_NONE)
            vm_destroy(task->directory);
        frames_drop(frame_of(task));
    }
    if (frames_free() != free_at_start || frames_promised() != 0) {
        printf("pebbles: %d frames leaked, %u promises left\n", (int)(free_at_start - frames_free()),
               frames_promised());
        status = STATUS_LEAK;
    }
    hv_exit(status);
}

_Noreturn void panic(const char *format, ...)
{
    char message[128];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    print_string("pebbles: panic: ");
    print_string(message);
    print_string("\n");
    hv_exit(STATUS_PANIC);
}
