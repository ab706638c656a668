/*
 * gspace.h - a guest's address space: the host page tables that show its RAM (ram.h) in its segment, which begins at
 * some linear address below 4 GiB.
 *
 * While the guest's paging is off, bootvm.c shows RAM one to one; from hv_setpd on, shadows (shadow.h) show what the
 * guest's own tables say. All of it is filled on demand by gspace_fault.
 */
#ifndef PAGETABLE_GSPACE_H
#define PAGETABLE_GSPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"
#include "pagetable/ram.h"

struct shadow_pool;
struct known_region;

#define GSPACE_NO_REGION UINT32_MAX

/*
 * What a guest said of its paging. Flat, and with its RAM all that its address space comes from: whoever has both can
 * make the tables of struct gspace again.
 */
struct guest_paging {
    bool is_on;                 /* hv_setpd was called */
    gpa_t directory;            /* the guest's page directory, valid when on */
    uint32_t wp;                /* 1: guest kernel respects read-only pages; 0: it does not */
};

struct gspace {
    struct ram *ram;
    struct guest_paging *paging;    /* of the guest's state: only gspace_setpd and gspace_destroy change it */
    uint32_t linear_base;       /* linear address of gva 0, a multiple of 4 MiB */
    uint32_t boot_region;       /* paging off: the 2 MiB of linear space that boot_leaves maps, by number; or .. */
    uint64_t *boot_leaves;      /* GSPACE_NO_REGION: none yet. The page table of the last first touch */
    hpa_t root;                 /* the PML4 in use: bootvm's, or that of the current directory's shadow */
    struct shadow_pool *shadows;    /* NULL until the first hv_setpd */
    uint32_t tables_most;       /* shadows of tables, at most; 0: as many as its RAM allows */
    uint32_t destroyed;         /* what gspace_destroy is done with: bootvm's regions, or directories and tables */
};

/* An empty root for this RAM, which has no other view; paging is off then. STATUS_NO_MEMORY: nothing is left behind. */
MUST_CHECK enum status gspace_create(struct gspace *space, struct ram *ram, struct guest_paging *paging,
                                     uint32_t linear_base);
/*
 * Give tables and shadows back, in steps of a few frames each (400 instructions at most); paging is off in the end. RAM
 * stays, but for what it records of shadows, so it must go next. The space must not be loaded in CR3, and nothing else
 * be done with it. False: *steps are used up, and the next call goes on.
 */
bool gspace_destroy(struct gspace *space, uint32_t *steps);
/*
 * Let each leaf go, in steps of a table of a MiB or more (1,100 instructions): what is touched next is a hidden fault.
 * *at is how far it came, 0 at first; nothing may be touched until it is done. The caller flushes. False: *steps are
 * used up, and the next call goes on.
 */
bool gspace_drop_leaves(struct gspace *space, uint32_t *at, uint32_t *steps);
/*
 * A new space, not loaded and with all of its RAM there, goes on as paging says, with no table but the root of its
 * directory. STATUS_NO_MEMORY: it can only be destroyed.
 */
MUST_CHECK enum status gspace_resume(struct gspace *space, const struct guest_paging *paging);
/* Load its tables into CR3. */
void gspace_load(const struct gspace *space);

static inline uint64_t gspace_linear(const struct gspace *space, gva_t address)
{
    return (uint64_t)space->linear_base + address.v;
}

/* The last address of the segment, which ends at linear 4 GiB. */
static inline uint32_t gspace_max_gva(const struct gspace *space)
{
    return UINT32_MAX - space->linear_base;
}

/* What a page fault is. Below GFAULT_FILLED: the guest's own, and the value is the error code of its #PF. */
enum gfault {
    GFAULT_OWN = 0,     /* up to 7: those bits */
    GFAULT_FILLED = 8,  /* a hidden fault: the access will now succeed, or fault again and go on with long work */
    GFAULT_BAD_ENTRY,   /* PDE.PS, or an entry that names a frame outside RAM: the guest ends; see gspace_explain */
    GFAULT_NO_MEMORY,   /* the machine has no frame left: the guest ends */
};

/*
 * A page fault at a guest address below the segment limit, of the space that is loaded. access: ACCESS_ bits of
 * gwalk.h. lean_fault.S calls it, too.
 */
enum gfault gspace_fault(struct gspace *space, gva_t address, uint32_t access);
/* The same where something is remembered of the address (region_cache.h): lean_fault.S looks that up itself. */
enum gfault gspace_fault_known(struct gspace *space, gva_t address, uint32_t access,
                                const struct known_region *known);

/* hv_setpd: directory is aligned and in RAM. Loads CR3. False: no memory, and nothing changed. */
MUST_CHECK bool gspace_setpd(struct gspace *space, gpa_t directory, uint32_t wp);
/* hv_adjustpg: re-read the PDE and PTE. False, and nothing done, when paging is off or this address begins no page. */
bool gspace_adjustpg(struct gspace *space, gva_t address);

/*
 * Frames *first .. *first + *left - 1, all in RAM, are free: give their host frames back, so that they read as zero,
 * and have no leaf, until they are touched again. With the space loaded. Long work, in steps of some 100 instructions;
 * the two go on with it. False: *steps are used up, the guest must not run before the next call goes on. The directory
 * that is loaded keeps its frame, and is cleared.
 */
bool gspace_give_back(struct gspace *space, uint32_t *first, uint32_t *left, uint32_t *steps);
/* A fault of the hypervisor's was filled while the guest stood still: what gspace_give_back saw of leaves is old. */
void gspace_filled_for_hv(struct gspace *space);

/* What the guest's own tables say about an address, whatever has been made of them so far. */
enum gspace_found {
    GSPACE_BEYOND_SEGMENT,
    GSPACE_RAM,             /* paging is off, and it lies inside RAM, */
    GSPACE_BEYOND_RAM,      /* or beyond */
    GSPACE_NO_TABLE,        /* PDE not present */
    GSPACE_LARGE_PAGE,      /* PDE.PS: ends the guest, like the next but one and the last but one */
    GSPACE_BAD_TABLE,       /* the PDE names a frame outside RAM */
    GSPACE_NO_PAGE,         /* PTE not present */
    GSPACE_BAD_PAGE,        /* the PTE names a frame outside RAM */
    GSPACE_PAGE,            /* present, with the rights of both entries */
};
struct gspace_entry {
    enum gspace_found found;
    uint32_t pde, pte;      /* 0 where there is none */
};
struct gspace_entry gspace_look(const struct gspace *space, gva_t address);

/*
 * The host's entries for an address, as the processor would walk them: [level - 1], 1 the page table's, 4 the PML4's; 0
 * from the first on that is not there.
 */
#define GSPACE_LEVELS 4
void gspace_look_host(const struct gspace *space, gva_t address, uint64_t entries[GSPACE_LEVELS]);

/* The same of the guest's tables in words, for crash reports ("paging is off: ...", "PDE 0x... PTE 0x... ..."). */
void gspace_explain(const struct gspace *space, gva_t address, char *text, uint32_t text_bytes);

#endif
