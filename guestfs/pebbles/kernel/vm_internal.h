/*
 * vm_internal.h - what the vm*.c files share among themselves.
 */
#ifndef PEBBLES_VM_INTERNAL_H
#define PEBBLES_VM_INTERNAL_H

#include "vm.h"

#define VM_ENTRIES 1024u
#define VM_TABLE_BYTES (VM_ENTRIES * PAGE_BYTES)
#define VM_USER_FIRST_SLOT (PEBBLES_USER_START / VM_TABLE_BYTES)
#define VM_USER_END_SLOT (PEBBLES_USER_END / VM_TABLE_BYTES)

/* The directory that new ones are copied from: kernel memory only. */
extern uint32_t vm_kernel_directory;

/* What every page shows that nobody has written yet. Its owners are not counted: it is never freed. */
extern uint32_t vm_zero_frame;

/* Load the active directory again: nothing that was read of its tables before is valid any more. */
void vm_reload(void);

#endif
