/*
 * user.c - see user.h. The copies run into the same page faults as the program would; trap.c knows the instruction.
 */
#include "hv.h"
#include "stack.h"
#include "string.h"
#include "user.h"
#include "vm.h"

#define FAULT_PRESENT 1u
#define FAULT_WRITE 2u

uint32_t user_copy(void *to, const void *from, uint32_t bytes);     /* trap.S */

static bool in_user_memory(uint32_t address, uint32_t bytes)
{
    return address >= PEBBLES_USER_START && address <= PEBBLES_USER_END && bytes <= PEBBLES_USER_END - address;
}

bool user_read(void *to, uint32_t from, uint32_t bytes)
{
    return in_user_memory(from, bytes) && user_copy(to, (const void *)(uintptr_t)from, bytes) == 0;
}

bool user_write(uint32_t to, const void *from, uint32_t bytes)
{
    return in_user_memory(to, bytes) && user_copy((void *)(uintptr_t)to, from, bytes) == 0;
}

bool user_write_word(uint32_t to, uint32_t word)
{
    return user_write(to, &word, sizeof(word));
}

int32_t user_read_string(char *to, uint32_t from, uint32_t bytes)
{
    uint32_t length = 0;

    while (length < bytes) {
        uint32_t piece = PAGE_BYTES - (from + length) % PAGE_BYTES;
        if (piece > bytes - length)
            piece = bytes - length;
        if (!user_read(to + length, from + length, piece))
            return PEBBLES_ERROR_POINTER;
        for (; piece > 0; piece--, length++) {
            if (to[length] == '\0')
                return (int32_t)length;
        }
    }
    return PEBBLES_ERROR_ARGUMENT;
}

static bool has_rights(uint32_t address, uint32_t bytes, uint32_t rights)
{
    if (!in_user_memory(address, bytes))
        return false;
    for (uint32_t page = address & ~(PAGE_BYTES - 1); page < address + bytes; page += PAGE_BYTES) {
        stack_grow(vm_active(), page);
        const uint32_t *entry = vm_entry(vm_active(), page);
        if (entry == NULL || (*entry & rights) != rights)
            return false;
    }
    return true;
}

bool user_can_read(uint32_t address, uint32_t bytes)
{
    return has_rights(address, bytes, PTE_PRESENT);
}

bool user_can_write(uint32_t address, uint32_t bytes)
{
    return has_rights(address, bytes, PTE_PRESENT | PTE_MAY_WRITE);
}

bool user_fault(uint32_t address, uint32_t error)
{
    if (!in_user_memory(address, 1))
        return false;
    if ((error & FAULT_PRESENT) == 0)
        return stack_grow(vm_active(), address) == STACK_GROWS;
    if ((error & FAULT_WRITE) == 0)
        return false;
    uint32_t *entry = vm_entry(vm_active(), address);
    if (entry == NULL || !vm_break(entry))
        return false;
    hv_adjustpg(address & ~(PAGE_BYTES - 1));
    return true;
}
