/*
 * hvmap.h - the hypervisor's own address space: the upper half that every root shares.
 *
 *   PML4[256..]        0xFFFF800000000000   direct map of RAM and ACPI tables, writable or read-only, never executable
 *   PML4[509]          0xFFFFFE8000000000   virtually contiguous memory (vmap.h)
 *   PML4[510]          0xFFFFFF0000000000   devices and framebuffer, uncached or write-combining
 *   PML4[511]PDPT[510] 0xFFFFFFFF80000000   hv.elf: text R-X, rodata R--, data RW-
 *
 * PML4[0..255], the lower half, is empty in the hypervisor's own root and the guest's in a guest's root.
 */
#ifndef PAGETABLE_HVMAP_H
#define PAGETABLE_HVMAP_H

#include <stdint.h>

#include "base/addr.h"
#include "boot_info.h"

#define HVMAP_VMAP_BASE 0xFFFFFE8000000000ull
#define HVMAP_DEVICES_BASE 0xFFFFFF0000000000ull

enum hvmap_type {
    HVMAP_UNCACHED,
    HVMAP_WRITE_COMBINING,
};

/*
 * Build the tables and load them. frames_init must have been called. stack_guard: a page of the image's data, below the
 * stack, that stays out. Panics when memory is out.
 */
void hvmap_init(const struct boot_info *info, const void *stack_guard);

/* The root with an empty lower half, for when no guest is loaded. */
void hvmap_load(void);

/* PTE_NX, or 0 on a processor without it. */
uint64_t hvmap_no_execute(void);

/* The same byte of the image where it can be written to: in the direct map. */
void *hvmap_writable(const void *image_address);

/* Give a new root the upper half. root is a zeroed PML4. */
void hvmap_share_upper(uint64_t *root);

/* Map a device for ever. Any alignment. Returns the address of the first byte, or NULL when memory is out. */
void *hvmap_device(uint64_t physical, uint64_t bytes, enum hvmap_type type);

/*
 * A root that also maps all physical memory below top (at least 4 GiB) one to one, writable and executable, for calling
 * firmware in physical mode. HPA_NONE when memory is out. Only ever used on the way to power-off.
 */
hpa_t hvmap_identity_root(void);

#endif
