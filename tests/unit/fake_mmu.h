/*
 * fake_mmu.h - a machine for the PURE page-table sources: the memory of fake_memory.h, and a processor whose TLB
 * forgets nothing that it is not told to.
 */
#ifndef FAKE_MMU_H
#define FAKE_MMU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "fake_memory.h"
#include "pagetable/gspace.h"

/* A new machine: all frames free, nothing loaded, no allocation fails. Set-up and tear-down functions of cmocka. */
int machine_start(void **state);
int machine_stop(void **state);

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
