/*
 * audit_parts.h - what audit.c (frames, roots, paging off) and audit_shadows.c share (PURE).
 */
#ifndef PAGETABLE_AUDIT_PARTS_H
#define PAGETABLE_AUDIT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/x86.h"
#include "pagetable/shadow.h"

#define AUDIT_ALWAYS (PTE_P | PTE_A)    /* in every entry that is not 0 */

struct audit {
    const struct gspace *space;
    const struct shadow_pool *pool;     /* its shadows; NULL: none yet */
    char *why;
    size_t why_bytes;
};

/* Say why, and be false. */
__attribute__((format(printf, 2, 3))) bool audit_fail(const struct audit *audit, const char *format, ...);

/* What a host frame is used for by the space. */
enum audit_owner { AUDIT_RAM = 1, AUDIT_HALF, AUDIT_DIRECTORY, AUDIT_SNAPSHOT, AUDIT_BOOT };
/*
 * Whether an entry leads to a frame of this kind, and its index: the guest frame of RAM, 2 * table + half of a half.
 */
bool audit_owns(uint64_t entry, enum audit_owner kind, uint32_t *index);

/* A root shows nothing but pdpt below, and above what all share. */
bool audit_root(const struct audit *audit, hpa_t root, hpa_t pdpt);

/* All shadows. */
bool audit_shadows(const struct audit *audit);

#endif
