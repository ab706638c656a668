/*
 * access.c - the long way to memory: segment checks, translation, operands that cross a page, devices (PURE).
 */
#include "vpc/x86/access.h"

#include "base/string.h"
#include "vpc/x86/known_walk.h"
#include "vpc/x86/pagewalk.h"
#include "vpc/x86/state.h"
#include "vpc/x86/watch.h"

static bool walk_or_fault(struct interp *interp, uint32_t linear, enum access access, bool is_user,
                          struct pagewalk *walk)
{
    if (pagewalk(interp, linear, access != ACCESS_TO_READ, is_user, walk))
        return true;
    interp->cpu.cr2 = linear;
    return fault_with(interp, EXC_PF, walk->error);
}

/*
 * Note a translation for one access. false: the page is no RAM, or not for a write: the bus is asked each time.
 *
 * A page may be in the entry for reading only: because its rights say so, because D is not set yet (the first write
 * must set it in the guest's entry, so it must walk), or because the bus wants to hear of writes.
 */
static bool fill_tlb(struct interp *interp, struct softtlb_entry *entry, uint32_t page, const struct pagewalk *walk,
                     bool is_write)
{
    const struct bus *bus = interp->bus;
    uint8_t *host = walk->may_write ? bus->page(bus->context, walk->page, true) : NULL;
    bool may_write = host != NULL;

    if (host == NULL)
        host = bus->page(bus->context, walk->page, false);
    if (host == NULL)
        return false;
    *entry = (struct softtlb_entry){ .read_page = page, .write_page = may_write ? page : SOFTTLB_NONE,
                                     .delta = (uintptr_t)host - page };
    state_note_translation(interp, entry);
    return may_write || !is_write;
}

/*
 * The operand is not in one page of RAM: its bytes are collected in the bounce buffer, and written back from there.
 * Both pages are translated before a device is read: reading one may have effects, and an instruction that faults must
 * have had none.
 */
static void *access_bounced(struct interp *interp, uint32_t linear, unsigned bytes, enum access access, bool is_user)
{
    struct bounce *bounce = &interp->bounce;
    unsigned room = PAGE_SIZE - (linear & PAGE_MASK);
    unsigned first = bytes < room ? bytes : room;
    struct pagewalk walk, next = { 0 };

    if (!walk_or_fault(interp, linear, access, is_user, &walk) ||
        (first < bytes && !walk_or_fault(interp, linear + first, access, is_user, &next)))
        return NULL;
    bounce->count = bytes;
    bounce->first_count = first;
    bounce->first = GPA(walk.page.v | (linear & PAGE_MASK));
    bounce->second = next.page;
    if (access == ACCESS_TO_WRITE)
        return bounce->bytes;
    physical_read(interp, bounce->first, bounce->bytes, first);
    if (first < bytes)
        physical_read(interp, bounce->second, bounce->bytes + first, bytes - first);
    return bounce->bytes;
}

/* The same of one that lies in a page, which was walked. */
static void *bounce_page(struct interp *interp, uint32_t linear, unsigned bytes, enum access access,
                         const struct pagewalk *walk)
{
    struct bounce *bounce = &interp->bounce;

    bounce->count = bounce->first_count = bytes;
    bounce->first = GPA(walk->page.v | (linear & PAGE_MASK));
    if (access != ACCESS_TO_WRITE)
        physical_read(interp, bounce->first, bounce->bytes, bytes);
    return bounce->bytes;
}

static struct softtlb_entry *entry_of(struct interp *interp, uint32_t linear, bool is_user)
{
    return softtlb_slot(softtlb_of(interp, is_user), linear);
}

/* By a walk. Apart, so that a page that is known keeps nothing for it. */
static __attribute__((noinline)) void *access_walked(struct interp *interp, uint32_t linear, unsigned bytes,
                                                     enum access access, bool is_user)
{
    struct softtlb_entry *entry = entry_of(interp, linear, is_user), before = *entry;
    uint32_t generation = interp->walk_generation, page = linear & ~PAGE_MASK;
    struct pagewalk walk;

    if (!walk_or_fault(interp, linear, access, is_user, &walk))
        return NULL;
    bool is_direct = fill_tlb(interp, entry, page, &walk, access != ACCESS_TO_READ);
    /* Perhaps for reading only, and this is a write; then each comes here, and the first of them has noted it. */
    bool is_other = before.read_page != page || before.write_page != entry->write_page || before.delta != entry->delta;
    if (entry->read_page == page && (is_other || generation != interp->walk_generation))
        known_walk_note(interp, entry, linear, is_user, &walk, generation);
    return is_direct ? softtlb_host(entry, linear) : bounce_page(interp, linear, bytes, access, &walk);
}

void *access_linear(struct interp *interp, uint32_t linear, unsigned bytes, enum access access, bool is_user)
{
    struct softtlb_entry *entry = entry_of(interp, linear, is_user);
    const uint32_t *has = access != ACCESS_TO_READ ? &entry->write_page : &entry->read_page;
    uint32_t page = linear & ~PAGE_MASK;

    if ((linear & PAGE_MASK) > PAGE_SIZE - bytes)
        return access_bounced(interp, linear, bytes, access, is_user);
    if (*has != page)
        known_walk_fill(interp, linear, is_user);
    return *has == page ? softtlb_host(entry, linear) : access_walked(interp, linear, bytes, access, is_user);
}

SELDOM void access_refill(struct interp *interp, uint32_t linear, bool is_user)
{
    known_walk_fill(interp, linear, is_user);
}

SELDOM void access_write_back(struct interp *interp)
{
    const struct bounce *bounce = &interp->bounce;

    physical_write(interp, bounce->first, bounce->bytes, bounce->first_count);
    if (bounce->first_count < bounce->count)
        physical_write(interp, bounce->second, bounce->bytes + bounce->first_count,
                       bounce->count - bounce->first_count);
}

static bool is_in_limit(const struct segment *segment, uint32_t offset, unsigned bytes)
{
    uint64_t last = (uint64_t)offset + bytes - 1;
    bool is_expand_down = (segment->attributes & (ATTR_CODE | ATTR_EXPAND_DOWN)) == ATTR_EXPAND_DOWN;

    /*
     * SDM vol. 3 "Limit Checking": an expand-down segment is what lies above the limit. last has 33 bits, so that an
     * operand which wraps at 4 GiB is beyond any limit.
     */
    if (!is_expand_down)
        return last <= segment->limit;
    return offset > segment->limit && last <= (segment->attributes & ATTR_DB ? 0xFFFFFFFFu : 0xFFFFu);
}

static bool is_right_type(const struct segment *segment, bool is_write)
{
    uint16_t attributes = segment->attributes;

    if (!(attributes & ATTR_P))
        return false;
    if (attributes & ATTR_CODE)
        return !is_write && attributes & ATTR_READABLE;
    return !is_write || attributes & ATTR_WRITABLE;
}

/* SDM vol. 3, table "Alignment Requirements by Data Type": 10 bytes are a long real, 28 and 108 x87's states. */
static unsigned alignment_of(unsigned bytes)
{
    switch (bytes) {
    case 10:
        return 8;
    case 14: case 94:
        return 2;
    case 28: case 108:
        return 4;
    default:
        return bytes <= 16 ? bytes : 1;
    }
}

/*
 * Where no access is plain. #AC: user code that asks for it, CR0.AM and EFLAGS.AC. SDM vol. 3 "Alignment Check
 * Exception".
 */
static __attribute__((noinline)) void *access_closely(struct interp *interp, uint32_t linear, unsigned bytes,
                                                      enum access access)
{
    if (state_checks_alignment(&interp->cpu) && (linear & (alignment_of(bytes) - 1)) != 0) {
        fault_with(interp, EXC_AC, 0);
        return NULL;
    }
    if (interp_is_watched(interp))
        watch_access(interp, linear, bytes, access != ACCESS_TO_READ);
    return access_linear(interp, linear, bytes, access, interp->cpu.cpl == 3);
}

static void *access_checked(struct interp *interp, unsigned segment, uint32_t offset, unsigned bytes,
                            enum access access)
{
    const struct segment *hidden = &interp->cpu.segments[segment];
    const struct reach *reach = &interp->reach[segment];
    uint32_t linear = hidden->base + offset;

    /* What is wrong, if anything, is the page. */
    if ((int64_t)offset + bytes - 1 <= (access != ACCESS_TO_READ ? reach->write_last : reach->read_last))
        return access_linear(interp, linear, bytes, access, interp->cpu.cpl == 3);
    /* In this order: type and limit (#GP, #SS) come before alignment (#AC), and that before the page (#PF). */
    if ((vcpu_is_protected(&interp->cpu) && !is_right_type(hidden, access != ACCESS_TO_READ)) ||
        !is_in_limit(hidden, offset, bytes)) {
        fault_with(interp, segment == SEG_SS ? EXC_SS : EXC_GP, 0);
        return NULL;
    }
    if (interp->looks_closely)
        return access_closely(interp, linear, bytes, access);
    return access_linear(interp, linear, bytes, access, interp->cpu.cpl == 3);
}

SELDOM void access_slowly(struct interp *interp, unsigned segment, uint32_t offset, unsigned bytes, enum access access)
{
    interp->operand = access_checked(interp, segment, offset, bytes, access);
}

bool system_read(struct interp *interp, uint32_t linear, void *to, unsigned bytes)
{
    const void *from = access_linear(interp, linear, bytes, ACCESS_TO_READ, false);

    if (from != NULL)
        memcpy(to, from, bytes);
    return from != NULL;
}

bool system_write(struct interp *interp, uint32_t linear, const void *from, unsigned bytes)
{
    void *to = access_linear(interp, linear, bytes, ACCESS_TO_WRITE, false);

    if (to == NULL)
        return false;
    memcpy(to, from, bytes);
    return finish(interp, to);
}
