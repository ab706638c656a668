/*
 * vm_boot.c - the kernel's own memory, and which directory is loaded: all of it that talks to the hypervisor.
 */
#include "frames.h"
#include "panic.h"
#include "sdk.h"
#include "vm.h"
#include "vm_internal.h"

static uint32_t active_directory;
uint32_t vm_kernel_directory;
uint32_t vm_zero_frame;

/* During boot memory cannot run out. */
static uint32_t boot_frame(void)
{
    uint32_t frame = frames_take();

    ASSERT(frame != FRAME_NONE && frame < VM_LOW_FRAMES);
    memset(frame_pointer(frame), 0, PAGE_BYTES);
    return frame;
}

/* Page 0 stays out, to catch null pointers; the image up to its data is read-only, to catch wild ones. */
static uint32_t kernel_entry(uint32_t frame)
{
    extern uint8_t guest_data_start[];      /* defined when linking */
    uint32_t address = frame * PAGE_BYTES;
    bool constant = address >= (uint32_t)(uintptr_t)guest_start && address < (uint32_t)(uintptr_t)guest_data_start;

    if (frame == 0)
        return 0;
    return address | PTE_PRESENT | (constant ? 0 : PTE_WRITE);
}

void vm_boot(uint32_t frame_count)
{
    ASSERT(frame_count <= VM_FRAMES_MAX);
    vm_kernel_directory = boot_frame();
    vm_zero_frame = boot_frame();
    uint32_t *directory = frame_pointer(vm_kernel_directory);

    for (uint32_t frame = 0; frame < frame_count; frame++) {
        uint32_t address = (uint32_t)(uintptr_t)frame_pointer(frame);
        uint32_t *slot = &directory[address / VM_TABLE_BYTES];

        if (*slot == 0)
            *slot = boot_frame() * PAGE_BYTES | PTE_PRESENT | PTE_WRITE;
        uint32_t *table = frame_pointer(*slot / PAGE_BYTES);
        table[address / PAGE_BYTES % VM_ENTRIES] = kernel_entry(frame);
    }
    active_directory = vm_kernel_directory;
    hv_setpd(vm_kernel_directory * PAGE_BYTES, 1);
}

void vm_activate(uint32_t directory)
{
    if (directory == VM_KERNEL)
        directory = vm_kernel_directory;
    if (directory == active_directory)
        return;
    active_directory = directory;
    hv_setpd(directory * PAGE_BYTES, 1);
}

void vm_reload(void)
{
    hv_setpd(active_directory * PAGE_BYTES, 1);
}

uint32_t vm_active(void)
{
    return active_directory;
}
