/*
 * paging.h - CR3, and paging with pages of 4 MiB, for the kernels of tests/vpc.
 */
#ifndef TESTS_VPC_PAGING_H
#define TESTS_VPC_PAGING_H

#include <stdint.h>

static inline void load_cr3(uint32_t directory)
{
    __asm__ volatile("movl %0, %%cr3" : : "r"(directory) : "memory");
}

/* CR4.PSE, then CR0.PG and WP. The caller's code and stack are where the directory has them, too. */
static inline void start_paging(uint32_t directory)
{
    __asm__ volatile("movl %%cr4, %%eax; orl $0x10, %%eax; movl %%eax, %%cr4" : : : "eax");
    load_cr3(directory);
    __asm__ volatile("movl %%cr0, %%eax; orl $0x80010000, %%eax; movl %%eax, %%cr0" : : : "eax", "memory");
}

#endif
