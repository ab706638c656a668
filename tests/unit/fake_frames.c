/*
 * fake_frames.c - see fake_frames.h.
 */
#include "fake_frames.h"

#include <sys/mman.h>

#include "pebbles/kernel/frames.h"
#include "pebbles/kernel/vm.h"
#include "pebbles/kernel/vm_internal.h"

static struct frame table[FRAMES_MOST];

uint32_t vm_zero_frame, vm_kernel_directory, free_at_start;

int fake_frames_begin(uint32_t frames)
{
    void *memory = (void *)(uintptr_t)(FIRST_FRAME * PAGE_BYTES);
    size_t bytes = (frames - FIRST_FRAME) * PAGE_BYTES;

    if (mmap(memory, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != memory)
        return -1;
    frames_init(table, frames);
    for (uint32_t frame = FIRST_FRAME; frame < frames; frame++)
        frames_add(frame);
    vm_kernel_directory = frames_take();
    vm_zero_frame = frames_take();
    free_at_start = frames_free();
    return 0;
}
