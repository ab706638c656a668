/*
 * nested.h - nested page tables: one more view of a guest's RAM, guest-physical to host-physical (PURE).
 *
 * They only cache what ram.h says, in leaves of 4 KiB that come at the first access; what is not RAM has none, and who
 * reaches for it leaves the guest. A frame that others have, too, is shown for reading only.
 *
 * Source: AMD64 Architecture Programmer's Manual vol. 2 "Nested Paging". Four levels, as the host itself uses.
 */
#ifndef VPC_SVM_NESTED_H
#define VPC_SVM_NESTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "pagetable/ram.h"

struct nested {
    struct ram *ram;
    hpa_t root;
    uint32_t read_only;         /* a frame that is never shown for writing */
    bool must_flush;            /* a leaf went, or lost a right: translations that are cached are not to be used */
};

/* Empty tables, which become the view of this RAM. False: memory is out. */
bool nested_create(struct nested *nested, struct ram *ram, uint32_t read_only);

/* Give all tables back, in steps of a table each. False: *steps are used up. Nothing to do if there are none. */
bool nested_destroy(struct nested *nested, uint32_t *steps);

/*
 * Show a frame below frame_count, and back it first if it is not: for writing only if is_write, it is not shared or can
 * be copied, and it is not read_only. False: memory is out.
 */
bool nested_show(struct nested *nested, uint32_t frame, bool is_write);

/* Forget every leaf: before RAM is shared, or when memory is short. False: there was none. */
bool nested_forget(struct nested *nested);

/*
 * Does every leaf name its own frame of this guest's RAM, writable only where it may be? False: why says of the first
 * what is wrong. Takes time in proportion to all tables.
 */
bool nested_audit(const struct nested *nested, char *why, size_t why_bytes);

#endif
