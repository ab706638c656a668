/*
 * gspace.h - a guest's address space: its RAM, and the host page tables that show it below 4 GiB.
 *
 * RAM is backed frame by frame, zeroed, on first touch; struct gframe is the one record of which host frame backs which
 * guest frame. While the guest's paging is off, bootvm.c maps RAM one to one; from hv_setpd on, shadows (shadow.h) do.
 * All of it is filled on demand by gspace_fault.
 */
#ifndef PAGETABLE_GSPACE_H
#define PAGETABLE_GSPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"

struct shadow_pool;
struct shadow_recent;

#define GFRAME_TRACED 0x1u      /* holds guest tables with a synced shadow: no leaf may be writable */
#define GFRAME_MANY 0x2u        /* more writable leaves than leaf[] holds, at some time since leaf[] was made */
#define GFRAME_TRIED_SHIFT 8u   /* the upper byte of flags: when leaf[] was last made anew, see rmap.c; 0: never */
#define GFRAME_LEAVES 2

/* What is known of one frame of guest RAM. */
struct gframe {
    uint32_t host;                  /* host frame number; 0: not touched yet, reads as zero */
    uint32_t leaf[GFRAME_LEAVES];   /* leaves that map it writable (see rmap.h); 0: none */
    uint16_t shadow;                /* first of its shadows (see shadow.h); 0: none */
    uint16_t flags;                 /* GFRAME_ bits */
};
_Static_assert(sizeof(struct gframe) == 16, "performance.md allows 16 bytes per guest frame");

struct gspace {
    uint32_t memory_bytes;      /* RAM, multiple of 4 KiB */
    uint32_t frame_count;
    struct gframe *frames;      /* [frame_count] */
    uint32_t backed_count;      /* frames that have a host frame */
    hpa_t root;                 /* the PML4 in use: bootvm's, or that of the current directory's shadow */
    bool paging;                /* hv_setpd was called */
    gpa_t directory;            /* the guest's page directory, valid when paging */
    uint32_t wp;
    struct shadow_pool *shadows;    /* NULL until the first hv_setpd */
};

/* Make the records and an empty root. On STATUS_NO_MEMORY everything is given back. */
MUST_CHECK enum status gspace_create(struct gspace *space, uint32_t memory_bytes);
/* Give every frame back. The space must not be loaded in CR3. */
void gspace_destroy(struct gspace *space);
/* Load its tables into CR3. */
void gspace_load(const struct gspace *space);

/*
 * The hypervisor's window on a guest-physical address up to the end of its frame, which is backed by that; NULL outside
 * RAM, or when memory is out.
 */
void *gspace_ptr(struct gspace *space, gpa_t address);

/* The same for reading whole frames, without backing: NULL for a frame that holds only zeroes so far. */
static inline const void *gspace_peek(const struct gspace *space, uint32_t frame)
{
    uint32_t host = space->frames[frame].host;
    return host ? hpa_to_ptr(HPA((uint64_t)host << PAGE_SHIFT)) : 0;
}

/* Back a frame below frame_count, which may evict shadows. HPA_NONE when memory is out. */
hpa_t gspace_back_new(struct gspace *space, uint32_t frame);
static inline hpa_t gspace_back(struct gspace *space, uint32_t frame)
{
    uint32_t host = space->frames[frame].host;
    return host ? HPA((uint64_t)host << PAGE_SHIFT) : gspace_back_new(space, frame);
}

/* What a page fault is. Below GFAULT_FILLED: the guest's own, and the value is the error code of its #PF. */
enum gfault {
    GFAULT_FILLED = 8,  /* a hidden fault: the access will now succeed */
    GFAULT_BAD_ENTRY,   /* PDE.PS, or an entry that names a frame outside RAM: the guest ends; see gspace_explain */
    GFAULT_NO_MEMORY,   /* the machine has no frame left: the guest ends */
};

/*
 * A page fault at a guest address below the segment limit, of the space that is loaded. access: ACCESS_ bits of
 * gwalk.h. lean_fault.S calls it, too.
 */
enum gfault gspace_fault(struct gspace *space, gva_t address, uint32_t access);
/* The same where something is remembered of the address (recent.h): lean_fault.S looks that up itself. */
enum gfault gspace_fault_recent(struct gspace *space, gva_t address, uint32_t access,
                                const struct shadow_recent *recent);

/* hv_setpd: directory is aligned and in RAM. Loads CR3. STATUS_NO_MEMORY: nothing changed. */
MUST_CHECK enum status gspace_setpd(struct gspace *space, gpa_t directory, uint32_t wp);
/* hv_adjustpg: re-read the PDE and PTE. False, and nothing done, when paging is off or this address begins no page. */
bool gspace_adjustpg(struct gspace *space, gva_t address);

/* What the guest's own tables say, in words, for crash reports ("paging is off: ...", "PDE 0x... PTE 0x... ..."). */
void gspace_explain(const struct gspace *space, gva_t address, char *text, uint32_t text_bytes);

#endif
