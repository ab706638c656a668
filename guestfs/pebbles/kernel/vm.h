/*
 * vm.h - address spaces: page directories and the pages of user programs.
 *
 * All state of a user page is in its page table entry; the three bits that the hardware ignores say what the page is
 * meant to be. Every entry of a user page is present: before its first write it shows the zero frame, read-only.
 * Kernel memory is in every directory: RAM below 16 MiB at its own address, the rest from VM_HIGH_BASE on.
 */
#ifndef PEBBLES_VM_H
#define PEBBLES_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pebbles/abi.h"

#define PAGE_BYTES PEBBLES_PAGE_BYTES
#define VM_LOW_FRAMES (PEBBLES_USER_START / PAGE_BYTES)     /* RAM that the kernel sees at its own address */
#define VM_HIGH_BASE PEBBLES_USER_END                       /* RAM above: frame n at VM_HIGH_BASE + n pages */
#define VM_FRAMES_MAX ((0xFF000000u - VM_HIGH_BASE) / PAGE_BYTES)

#define PTE_PRESENT 0x001u
#define PTE_WRITE 0x002u
#define PTE_USER 0x004u
#define PTE_MAY_WRITE 0x200u    /* ours: a write is legal, and if PTE_WRITE is off it gets a frame of its own first */
#define PTE_REGION_FIRST 0x400u /* ours: first and last page of one new_pages */
#define PTE_REGION_LAST 0x800u

/* Where the kernel sees a frame, with paging off (low frames only) and on. */
static inline void *frame_pointer(uint32_t frame)
{
    return (void *)(uintptr_t)(frame * PAGE_BYTES + (frame < VM_LOW_FRAMES ? 0 : VM_HIGH_BASE));
}

static inline uint32_t frame_of(const void *pointer)
{
    uint32_t address = (uint32_t)(uintptr_t)pointer;

    return (address >= VM_HIGH_BASE ? address - VM_HIGH_BASE : address) / PAGE_BYTES;
}

/* Build the kernel's tables and the zero frame from frames below 16 MiB, and turn paging on. */
void vm_boot(uint32_t frame_count);

/* Make a directory the current one, unless it is. VM_KERNEL: the one without user pages. */
#define VM_KERNEL 0u
void vm_activate(uint32_t directory);
uint32_t vm_active(void);

/* A directory (frame number) with kernel memory only; FRAME_NONE: no memory. Destroy: not the active one. */
uint32_t vm_create(void);
void vm_destroy(uint32_t directory);

/* The entry of a user page: NULL when there is no table; make: NULL when there is no memory for one. */
uint32_t *vm_entry(uint32_t directory, uint32_t address);
uint32_t *vm_entry_make(uint32_t directory, uint32_t address);

/* The page shows the zero frame; when it may be written, a frame is promised. flags: PTE_MAY_WRITE and PTE_REGION_*. */
bool vm_map_zero(uint32_t directory, uint32_t address, uint32_t flags);

/* Take a page out. The caller tells the hypervisor. */
void vm_unmap(uint32_t *entry);

/* Give a page that may be written its own frame and the right to write. False: it may not, or it has that already. */
bool vm_break(uint32_t *entry);

/* Copy into another address space, at pages that may be written. False when one may not. */
bool vm_write(uint32_t directory, uint32_t address, const void *data, uint32_t bytes);

/* A copy-on-write twin of a directory. FRAME_NONE: no memory. The original, if active, is reloaded either way. */
uint32_t vm_fork(uint32_t directory);

/* new_pages and remove_pages on the active directory: 0 or a PEBBLES_ERROR_*. */
int32_t region_add(uint32_t directory, uint32_t base, uint32_t bytes);
int32_t region_remove(uint32_t directory, uint32_t base);

#endif
