/*
 * fake_mmu.h - a machine for the PURE page-table sources: RAM in one mapping, the real frame allocator over it with
 * allocations that fail on request, and a processor whose TLB forgets nothing that it is not told to.
 *
 * Frames that are free are poisoned: a walk through a table that was given back is an AddressSanitizer report.
 */
#ifndef FAKE_MMU_H
#define FAKE_MMU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "pagetable/gspace.h"

#define MACHINE_FRAMES 1024u    /* 4 MiB of host RAM; frame 0 is never handed out */
#define MACHINE_NEVER UINT64_MAX

/* A new machine: all frames free, nothing loaded, no allocation fails. Set-up and tear-down functions of cmocka. */
int machine_start(void **state);
int machine_stop(void **state);

/* Allocations (frames, and vmap's) made so far; those numbered first_failing .. first_failing + count - 1 fail. */
extern uint64_t machine_allocations;
void machine_fail(uint64_t first_failing, uint64_t count);
/* The next frame is at hand: frames_alloc_quick has it, if nobody else takes one before. */
void machine_hint(void);
/* Allocate frames until only this many are free, or give such frames back. */
void machine_leave_free(uint64_t count);
/* vmap_alloc without vmap_free, so far. */
extern unsigned machine_vmaps;

/* Nothing grows in its place any more (vmap_grow). */
extern bool machine_growth_fails;

/* Where the guest's segment begins in linear space: 16 MiB at first. Set before the guest is made. */
extern uint32_t machine_segment_base;

/* A memory access by ring 1 (guest kernel) or ring 3 (guest user), or of the hypervisor on ring 1's behalf. */
struct mmu_result {
    bool is_allowed;
    hpa_t address;          /* when allowed */
};
struct mmu_result mmu_access(gva_t address, bool is_user, bool is_write);
/* The processor looks at a page on its own account: a translation that is there enters the TLB. */
void mmu_prefetch(gva_t address, bool is_user);
/* The next cached translation, from *cursor (0 at first), through which a frame can be written without a fault now. */
bool mmu_next_writable(uint32_t *cursor, uint64_t *host_frame, gva_t *address);
/* Walk the loaded tables, without TLB: the leaf that allows this. */
struct mmu_result mmu_walk(gva_t address, bool is_user, bool is_write);

/* What a guest's access comes to: the fault is resolved, and the access tried again, as the trap handler does. */
enum access_end { ACCESS_DONE, ACCESS_REFLECTED, ACCESS_BAD_ENTRY, ACCESS_NO_MEMORY, ACCESS_STUCK };
#define MACHINE_RETRIES 200u    /* evicting a table may take one for each directory that links it, or two */
struct access_result {
    enum access_end end;
    hpa_t address;          /* ACCESS_DONE */
    uint32_t error;         /* ACCESS_REFLECTED: the guest's #PF error code */
    unsigned hidden_faults;
};
struct access_result machine_access(struct gspace *space, gva_t address, bool is_user, bool is_write);

/* RAM, and a space that shows it. False: no memory, and nothing is left behind. */
bool machine_make(struct gspace *space, struct ram *ram, struct guest_paging *paging, uint32_t frame_count);
/* Their end, loaded or not, and that of RAM alone, in pieces of so many steps: all there are, if no test says less. */
void machine_unmake(struct gspace *space);
void machine_unmake_ram(struct ram *ram);
extern uint32_t machine_unmake_steps;
/* A word of guest RAM, by the hypervisor. */
void machine_put(struct gspace *space, uint32_t frame, uint32_t word, uint32_t value);

extern uint64_t machine_root_loads;

#endif
