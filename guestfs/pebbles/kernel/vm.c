/*
 * vm.c - directories and tables (no hardware in it: tested on the host).
 */
#include "frames.h"
#include "panic.h"
#include "string.h"
#include "vm.h"
#include "vm_internal.h"

uint32_t vm_create(void)
{
    uint32_t directory = frames_take();

    if (directory == FRAME_NONE)
        return FRAME_NONE;
    uint32_t *slots = frame_pointer(directory);
    memcpy(slots, frame_pointer(vm_kernel_directory), PAGE_BYTES);
    return directory;
}

void vm_destroy(uint32_t directory)
{
    uint32_t *slots = frame_pointer(directory);

    ASSERT(directory != vm_active());
    for (uint32_t i = VM_USER_FIRST_SLOT; i < VM_USER_END_SLOT; i++) {
        if (slots[i] == 0)
            continue;
        uint32_t *table = frame_pointer(slots[i] / PAGE_BYTES);
        for (uint32_t j = 0; j < VM_ENTRIES; j++) {
            if (table[j] != 0)
                vm_unmap(&table[j]);
        }
        frames_drop(slots[i] / PAGE_BYTES);
    }
    frames_drop(directory);
}

uint32_t *vm_entry(uint32_t directory, uint32_t address)
{
    uint32_t *slots = frame_pointer(directory);
    uint32_t slot = slots[address / VM_TABLE_BYTES];

    ASSERT(address >= PEBBLES_USER_START && address < PEBBLES_USER_END);
    if (slot == 0)
        return NULL;
    uint32_t *table = frame_pointer(slot / PAGE_BYTES);
    return &table[address / PAGE_BYTES % VM_ENTRIES];
}

uint32_t *vm_entry_make(uint32_t directory, uint32_t address)
{
    uint32_t *slots = frame_pointer(directory);

    if (slots[address / VM_TABLE_BYTES] == 0) {
        uint32_t frame = frames_take();
        if (frame == FRAME_NONE)
            return NULL;
        memset(frame_pointer(frame), 0, PAGE_BYTES);
        slots[address / VM_TABLE_BYTES] = frame * PAGE_BYTES | PTE_PRESENT | PTE_WRITE | PTE_USER;
    }
    return vm_entry(directory, address);
}
