/*
 * nested.h - nested page tables: one more view of a guest's RAM, guest-physical to host-physical (PURE).
 *
 * They only cache what ram.h says, in leaves that come at the first access; what is not RAM has none, and who reaches
 * for it leaves the guest. A frame that others have, too, is shown for reading only. A leaf is of 2 MiB where all of
 * its frames lie in a row and are the guest's own; so that they do, the first touch of one backs them all, if none is
 * backed and the machine has memory in plenty (frames_alloc_large).
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
    uint32_t device_frame;      /* beyond RAM, where a page of a device's is shown for reading; */
    hpa_t device_page;          /* HPA_NONE: it is not shown */
    uint32_t move_count;        /* frames that have moved */
    bool in_small;              /* no leaf of 2 MiB is made: who looks at frames one by one sets this, and clears it */
    bool must_flush;            /* a leaf went, or lost a right: translations that are cached are not to be used */
};

/* Empty tables, which become the view of this RAM. False: memory is out. */
bool nested_create(struct nested *nested, struct ram *ram, uint32_t read_only);

/* Forget every leaf before RAM is shared, in steps of a table each. False: *steps are used up. */
bool nested_drop(struct nested *nested, uint32_t *steps);

/* Give all tables back, in steps of a table each. False: *steps are used up. Nothing to do if there are none. */
bool nested_destroy(struct nested *nested, uint32_t *steps);

/*
 * Show a frame below frame_count, and back it first if it is not: for writing only if is_write, it is not shared or can
 * be copied, and it is not read_only. False: memory is out.
 */
bool nested_show(struct nested *nested, uint32_t frame, bool is_write);

/* A frame that is shown, by a small leaf, is shown for reading only from now on, until nested_show. */
void nested_guard(struct nested *nested, uint32_t frame);

/*
 * Show a page that is no RAM of this guest's at a frame beyond it, for reading only, until it is hidden. One at a time.
 * False: memory is out.
 */
bool nested_show_device(struct nested *nested, uint32_t frame, hpa_t page);
void nested_hide_device(struct nested *nested);

/* The same as nested_drop at once, when memory is short. False: there was none. */
bool nested_forget(struct nested *nested);

/*
 * Does every leaf name its own frame of this guest's RAM, writable only where it may be? False: why says of the first
 * what is wrong. Takes time in proportion to all tables.
 */
bool nested_audit(const struct nested *nested, char *why, size_t why_bytes);

/* For the beginnings and ends of exits: panics with why. Empty but in a build with -Daudit=true. */
#ifdef COBBLE_AUDIT
void nested_check(const struct nested *nested);
#else
static inline void nested_check(const struct nested *nested)
{
    (void)nested;
}
#endif

#endif
