/*
 * gspace.h - a guest's address space: its RAM, and the host page tables that show it below 4 GiB.
 */
#ifndef PAGETABLE_GSPACE_H
#define PAGETABLE_GSPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"

struct gspace {
    uint32_t memory_bytes;      /* RAM, multiple of 4 KiB */
    uint32_t frame_count;
    hpa_t root;                 /* PML4 of the boot VM (paging off) */
    bool paging;                /* hv_setpd was called */
    gpa_t directory;            /* the guest's page directory, valid when paging */
    uint32_t wp;
};

/*
 * The boot-VM tables show guest-physical memory at linear 16 MiB and up, one to one, and so are also the record of
 * which host frame backs which guest frame: there is no second one.
 */

/* Build RAM (zeroed) and boot-VM tables. On STATUS_NO_MEMORY everything is given back. */
MUST_CHECK enum status gspace_create(struct gspace *space, uint32_t memory_bytes);
/* Give every frame back. The space must not be loaded in CR3. */
void gspace_destroy(struct gspace *space);
/* Load its tables into CR3. */
void gspace_load(const struct gspace *space);

/* The hypervisor's window on a guest-physical address up to the end of its frame; NULL outside RAM. */
void *gspace_ptr(const struct gspace *space, gpa_t address);

/* What the guest's own tables say, in words, for crash reports ("paging is off: ...", "PDE 0x... PTE 0x... ..."). */
void gspace_explain(const struct gspace *space, gva_t address, char *text, uint32_t text_bytes);

#endif
