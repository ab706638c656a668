/*
 * paging.h - the guest page tables that the benchmark builds.
 *
 * Every directory maps all of RAM one to one by six tables that all share, for user mode too, and what is measured from
 * PAGES_GVA up, by tables of its own. All RAM is touched before: what the hypervisor does when a frame is used for the
 * first time is no part of any row.
 */
#ifndef TESTS_BENCH_PAGING_H
#define TESTS_BENCH_PAGING_H

#include "bench.h"

#define PAGE_BYTES 4096u
#define TABLE_ENTRIES 1024u
#define TABLE_SPAN (TABLE_ENTRIES * PAGE_BYTES)
#define ENTRY_P 1u
#define ENTRY_W 2u
#define ENTRY_U 4u
#define ENTRY_FULL (ENTRY_P | ENTRY_W | ENTRY_U)
#define PAGES_GVA 0x40000000u

/* Once, before all else here. */
void paging_make_ram_tables(void);

/* A directory with so many pages from PAGES_GVA up, of frames that paging_data_frame says. */
uint32_t paging_make_directory(uint32_t pages, uint32_t bits);
uint32_t paging_data_frame(uint32_t index);
uint32_t *paging_entry(uint32_t directory, uint32_t gva);

static inline volatile uint32_t *paging_words(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

/* Touch the first word of each page; writing stores the page's number. */
void paging_read(uint32_t count);
void paging_write(uint32_t count);

/* faults.c: hv_adjustpg, hidden faults and flips. */
void bench_faults(void);

/* reflect.c: page faults of the guest's own. */
void bench_reflected(void);

#endif
