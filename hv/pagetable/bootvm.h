/*
 * bootvm.h - a guest's address space while its paging is off: guest-physical memory at linear 16 MiB, one to one.
 */
#ifndef PAGETABLE_BOOTVM_H
#define PAGETABLE_BOOTVM_H

#include "pagetable/gspace.h"

/* An empty root with the upper half; HPA_NONE when memory is out. */
hpa_t bootvm_create(void);
/* Give the root and the tables below it back; RAM stays. Not while it is loaded. */
void bootvm_free(hpa_t root);
/* gspace_fault, paging off. */
enum gfault bootvm_fault(struct gspace *space, gva_t address, uint32_t access, uint32_t *error);

#endif
