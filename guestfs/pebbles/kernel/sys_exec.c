/*
 * sys_exec.c - the system call exec.
 */
#include "exec.h"
#include "frames.h"
#include "guest.h"
#include "sched.h"
#include "syscalls.h"
#include "user.h"

_Static_assert(sizeof(struct exec_arguments) <= PAGE_BYTES, "exec copies its arguments into one frame");

static int32_t argument_read(struct exec_arguments *arguments, uint32_t string)
{
    int32_t length = user_read_string(arguments->text + arguments->bytes, string,
                                      PEBBLES_ARGUMENT_BYTES_MAX - arguments->bytes);

    if (length < 0)
        return length;
    if (arguments->count == PEBBLES_ARGUMENTS_MAX)
        return PEBBLES_ERROR_ARGUMENT;
    arguments->offsets[arguments->count++] = arguments->bytes;
    arguments->bytes += (uint32_t)length + 1;
    return 0;
}

static int32_t arguments_read(struct exec_arguments *arguments, uint32_t name, uint32_t vector)
{
    int32_t result = user_read_string(arguments->name, name, sizeof(arguments->name));

    arguments->count = arguments->bytes = 0;
    while (result >= 0) {
        uint32_t string;
        if (!user_read(&string, vector, sizeof(string)))
            return PEBBLES_ERROR_POINTER;
        if (string == 0)
            return 0;
        result = argument_read(arguments, string);
        vector += (uint32_t)sizeof(string);
    }
    return result;
}

/* The new program replaces the old one: nothing can fail any more. */
static void space_replace(struct task *task, uint32_t directory)
{
    uint32_t old = task->directory;

    task->directory = directory;
    vm_activate(directory);
    vm_destroy(old);
}

/*
 * No program has this name, but perhaps an image of the machine: then it replaces this process, of which a thread in
 * the kernel stays, in an address space without user memory.
 */
static int32_t exec_guest(struct task *task, const struct exec_arguments *arguments)
{
    uint32_t directory = vm_create();

    if (directory == FRAME_NONE)
        return PEBBLES_ERROR_MEMORY;
    int32_t result = guest_launch(arguments, task->background, &task->guest);
    if (result == 0)
        space_replace(task, directory);
    else
        vm_destroy(directory);
    return result;
}

/* exec(name, argv). Other threads of the task would lose their memory: not with more than one. */
int32_t sys_exec(struct event *event, const uint32_t *arguments)
{
    struct thread *self = sched_current();
    struct event registers;
    uint32_t directory, scratch;

    if (list_count(&self->task->threads) > 1)
        return PEBBLES_ERROR_STATE;
    scratch = frames_take();
    if (scratch == FRAME_NONE)
        return PEBBLES_ERROR_MEMORY;
    struct exec_arguments *copy = frame_pointer(scratch);
    int32_t result = arguments_read(copy, arguments[0], arguments[1]);
    if (result == 0)
        result = exec_build(copy, &directory, &registers);
    if (result == PEBBLES_ERROR_NONE && guest_has_control())
        result = exec_guest(self->task, copy);
    frames_drop(scratch);
    if (result != 0)
        return result;
    if (self->task->guest != 0)
        guest_attend();
    space_replace(self->task, directory);
    self->handler = (struct handler){ 0 };
    *event = registers;
    return 0;
}
