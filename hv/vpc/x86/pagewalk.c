/*
 * pagewalk.c - walk a virtual PC's page tables (PURE). SDM vol. 3 "32-Bit Paging".
 *
 * Rights are tested before A and D are set: an access that faults leaves the tables as they were. PDE and PTE are read
 * anew at each walk; only finished translations are kept (softtlb in access.c), and those go when CR3 is loaded or
 * INVLPG says so, as on a processor.
 */
#include "vpc/x86/pagewalk.h"

#include "base/addr.h"
#include "cpu/x86.h"
#include "vpc/x86/access.h"

#define ENTRY_RIGHTS (PTE_W | PTE_U)

/* A frame of tables in the host, as long as frames lie where they lie. NULL: no RAM. */
static ALWAYS_INLINE const uint8_t *table_host(struct interp *interp, gpa_t address)
{
    uint32_t number = (uint32_t)(address.v >> PAGE_SHIFT);
    struct table_frame *frame = &interp->table_frames[number & (TABLE_FRAMES - 1)];

    if (frame->number != number || frame->generation != interp->walk_generation) {
        const uint8_t *host = interp->bus->page(interp->bus->context, address, false);
        if (host == NULL)
            return NULL;
        *frame = (struct table_frame){ .number = number, .generation = interp->walk_generation, .host = host };
    }
    return frame->host;
}

/* at: where it lies in the host; NULL: not in RAM. */
static uint32_t read_entry(struct interp *interp, gpa_t address, const void **at)
{
    const uint8_t *page = table_host(interp, address);
    uint8_t bytes[4];

    *at = page != NULL ? page + (address.v & PAGE_MASK) : NULL;
    if (page != NULL)
        return load(*at, 4);
    physical_read(interp, address, bytes, 4);
    return load(bytes, 4);
}

/* The entry as it is then. */
static uint32_t set_bits(struct interp *interp, gpa_t address, uint32_t entry, uint32_t bits)
{
    uint8_t bytes[4];

    if ((entry & bits) != bits) {
        store(bytes, 4, entry | bits);
        physical_write(interp, address, bytes, 4);
    }
    return entry | bits;
}

/* What both entries together allow. CR0.WP 0: the supervisor writes wherever it reads. */
static bool is_allowed(const struct interp *interp, uint32_t rights, bool is_write, bool is_user)
{
    if (is_user && !(rights & PTE_U))
        return false;
    return !is_write || rights & PTE_W || (!is_user && !(interp->cpu.cr0 & CR0_WP));
}

static bool refuse(struct pagewalk *walk, uint32_t error, bool is_write, bool is_user)
{
    walk->error = error | (is_write ? PF_WRITE : 0) | (is_user ? PF_USER : 0);
    return false;
}

static bool walk_large(struct interp *interp, uint32_t linear, gpa_t pde_at, uint32_t pde, bool is_write, bool is_user,
                       struct pagewalk *walk)
{
    if (pde & PDE_LARGE_RESERVED)
        return refuse(walk, PF_PRESENT | PF_RESERVED, is_write, is_user);
    if (!is_allowed(interp, pde, is_write, is_user))
        return refuse(walk, PF_PRESENT, is_write, is_user);
    walk->pde = walk->pte = set_bits(interp, pde_at, pde, is_write ? PTE_A | PTE_D : PTE_A);
    walk->pte_at = walk->pde_at;
    interp->view->large_pages[linear >> 28] |= 1ull << (linear >> 22 & 63);
    walk->page = GPA((pde & 0xFFC00000u) | (linear & 0x003FF000u));
    walk->may_write = (is_write || pde & PTE_D) && is_allowed(interp, pde, true, is_user);
    return true;
}

bool pagewalk(struct interp *interp, uint32_t linear, bool is_write, bool is_user, struct pagewalk *walk)
{
    const struct vcpu *cpu = &interp->cpu;

    *walk = (struct pagewalk){ .page = GPA(linear & ~PAGE_MASK), .may_write = true };
    if (!(cpu->cr0 & CR0_PG))
        return true;
    gpa_t pde_at = GPA((cpu->cr3 & ~PAGE_MASK) | (linear >> 20 & 0xFFC));
    uint32_t pde = read_entry(interp, pde_at, &walk->pde_at);
    if (!(pde & PTE_P))
        return refuse(walk, 0, is_write, is_user);
    if (pde & PDE_LARGE && cpu->cr4 & CR4_PSE)
        return walk_large(interp, linear, pde_at, pde, is_write, is_user, walk);

    gpa_t pte_at = GPA((pde & ~PAGE_MASK) | (linear >> 10 & 0xFFC));
    uint32_t pte = read_entry(interp, pte_at, &walk->pte_at);
    if (!(pte & PTE_P))
        return refuse(walk, 0, is_write, is_user);
    uint32_t rights = pde & pte & ENTRY_RIGHTS;
    if (!is_allowed(interp, rights, is_write, is_user))
        return refuse(walk, PF_PRESENT, is_write, is_user);
    walk->pde = set_bits(interp, pde_at, pde, PTE_A);
    walk->pte = set_bits(interp, pte_at, pte, is_write ? PTE_A | PTE_D : PTE_A);
    walk->page = GPA(pte & ~PAGE_MASK);
    /* A page whose D is not set may be kept for reading only: its first write must come here and set D. */
    walk->may_write = (is_write || pte & PTE_D) && is_allowed(interp, rights, true, is_user);
    return true;
}
