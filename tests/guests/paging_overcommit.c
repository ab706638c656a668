/*
 * paging_overcommit.c - a guest with more RAM than the machine has touches all of it, paging on.
 *
 * Each page takes one of the machine's last frames, and then those of the tables that map pages touched before. In the
 * end too few are left to map the code and the data of one instruction at once: the guest must crash for want of
 * memory. A hypervisor that goes on taking one table's frame for the other never gets there. Before that, every page
 * keeps what was written to it.
 */
#include "lib/paging.h"

int main(void)
{
    traps_record(true);
    hv_setpd(pd_make(), 0);
    uint32_t begin = frame_take(), end = sdk_memory_bytes();
    for (uint32_t gva = begin; gva < end; gva += PAGE_BYTES) {
        *(volatile uint32_t *)(uintptr_t)gva = gva;
        uint32_t other = begin + (gva - begin) / 2 / PAGE_BYTES * PAGE_BYTES;
        if (*(volatile uint32_t *)(uintptr_t)other != other)
            hv_exit(3);
    }
    return 4;
}
