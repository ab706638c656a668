/*
 * debug_print.c - patch the sites of the simulator's debug print, and answer the INT that stands there.
 *
 * Kernels that were written with a simulator print by XCHG EBX, EBX with a magic number in EBX, which is a no-op
 * elsewhere. An INT of a vector that the image does not use takes its place, whose gate is closed: it arrives as #GP,
 * where INTs are decoded anyway, so that no other path becomes longer for it. Everything else must be as if the XCHG
 * still stood there: flags, TF, a fault address, and an INT that is not one of ours.
 */
#include "guest/debug_print.h"

#include "base/log.h"
#include "base/string.h"
#include "cpu/opcodes.h"
#include "cpu/x86.h"
#include "guest/debug_sites.h"
#include "guest/deliver.h"
#include "guest/elf32.h"
#include "guest/gmem.h"
#include "pagetable/gwalk.h"

#define MAGIC 0x04100002u

static uint8_t ram_byte(const struct guest *guest, uint32_t address)
{
    const uint8_t *page = ram_peek(&guest->ram, address >> PAGE_SHIFT);

    return page != NULL ? page[address & PAGE_MASK] : 0;
}

/* The number of sites in a segment that were patched. Those before this one already are, and are known so. */
static unsigned patch_segment(struct guest *guest, const uint8_t *bytes, const struct elf32_segment *segment)
{
    unsigned patched = 0;
    uint32_t count = segment->file_bytes;

    for (uint32_t at = 0; (at = debug_sites_next(bytes, count, at)) < count; at += DEBUG_SITES_BYTES) {
        uint64_t before = 0;
        for (unsigned i = 0; i < DEBUG_SITES_BEFORE; i++)
            before |= (uint64_t)ram_byte(guest, segment->address + at - DEBUG_SITES_BEFORE + i) << 8 * i;
        if (!debug_sites_add(&guest->state.debug_sites, before)) {
            log_warn("guest %u %s: too many kinds of debug print, the one at 0x%08x stays silent", guest->life.id,
                     guest->life.name, segment->address + at);
            continue;
        }
        const uint8_t patch[] = { OPCODE_INT, guest->state.debug_sites.vector };
        patched += ram_store(&guest->ram, GPA(segment->address + at), patch, sizeof(patch)) ? 1 : 0;
    }
    return patched;
}

void debug_print_enable(struct guest *guest, const void *image, uint64_t image_bytes)
{
    char reason[GUEST_REASON_BYTES];
    struct elf32_image parsed;
    uint32_t taken = 0;
    unsigned patched = 0, free_vector = 0;

    if (guest->kind != &guest_pebpeb)
        return;
    if (!elf32_parse(image, image_bytes, guest->ram.bytes, &parsed, reason, sizeof(reason)))
        return;
    for (unsigned i = 0; i < parsed.segment_count; i++)
        taken |= debug_sites_vectors((const uint8_t *)image + parsed.segments[i].file_offset,
                                     parsed.segments[i].file_bytes);
    while (free_vector < DEBUG_SITES_VECTORS && (taken >> free_vector & 1))
        free_vector++;
    if (free_vector == DEBUG_SITES_VECTORS) {
        log_warn("guest %u %s: no vector is left for the debug print, which stays silent", guest->life.id,
                 guest->life.name);
        return;
    }
    guest->state.debug_sites.vector = (uint8_t)(DEBUG_SITES_VECTOR_FIRST + free_vector);
    for (unsigned i = 0; i < parsed.segment_count; i++)
        patched += patch_segment(guest, (const uint8_t *)image + parsed.segments[i].file_offset, &parsed.segments[i]);
    log_info("guest %u %s: debug print at %u places", guest->life.id, guest->life.name, patched);
}

static bool is_site_of_guest(struct guest *guest, uint8_t vector, uint32_t eip)
{
    uint8_t around[DEBUG_SITES_BEFORE + DEBUG_SITES_BYTES] = { 0 };
    uint32_t can_read = 0;

    for (unsigned i = 0; i < sizeof(around); i++)
        can_read |= gmem_peek(guest, GVA(eip - DEBUG_SITES_BEFORE + i), &around[i], 1, NULL) ? 1u << i : 0;
    return debug_sites_is(&guest->state.debug_sites, vector, around, can_read);
}

static const uint32_t *peek_table_of_ram(const void *context, uint32_t frame)
{
    return ram_peek(context, frame);
}

/* Whether whoever called may read this page; what guest kernel may, gmem_peek finds out. */
static bool may_read(const struct guest *guest, uint32_t address)
{
    const struct gspace *space = &guest->space;

    if (!guest_is_user(guest))
        return true;
    return gwalk(&(struct gwalk_tables){
        .directory = ram_peek(space->ram, space->paging->directory.v >> PAGE_SHIFT),
        .get_table = peek_table_of_ram,
        .context = space->ram,
        .frame_count = space->ram->frame_count,
        .wp = space->paging->wp,
    }, GVA(address), ACCESS_USER).verdict == GWALK_ALLOWED;
}

/* The text up to its NUL, DEBUG_PRINT_MAX characters, or what cannot be read. Its length. */
static unsigned read_text(struct guest *guest, uint32_t address, uint8_t text[DEBUG_PRINT_MAX])
{
    unsigned length = 0;

    while (length < DEBUG_PRINT_MAX && may_read(guest, address + length)) {
        uint32_t at = address + length;
        unsigned chunk = PAGE_SIZE - (at & PAGE_MASK);
        if (chunk > DEBUG_PRINT_MAX - length)
            chunk = DEBUG_PRINT_MAX - length;
        gva_t bad = GVA(at + chunk);
        bool is_read = gmem_peek(guest, GVA(at), text + length, chunk, &bad);
        unsigned known = bad.v - at;
        size_t found = strnlen((const char *)text + length, known);
        length += (unsigned)found;
        if (!is_read || found < known)
            break;
    }
    return length;
}

static void print_text(struct guest *guest, uint32_t address)
{
    uint8_t text[DEBUG_PRINT_MAX];
    unsigned length = read_text(guest, address, text);

    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    vcon_settle(&guest->console.vcon);
    rowlog_debug(&guest->console.vcon, text, length);
}

bool debug_print_call(struct guest *guest, uint8_t vector, uint32_t eip)
{
    uint32_t fault_address = guest->fault_address;

    if (guest->state.debug_sites.vector == 0 || vector != guest->state.debug_sites.vector)
        return false;
    bool is_call = is_site_of_guest(guest, vector, eip);
    if (is_call && (uint32_t)guest->state.frame.ebx == MAGIC) {
        print_text(guest, (uint32_t)guest->state.frame.ecx);
        guest->state.frame.eax = 0;
    }
    guest->fault_address = fault_address;       /* XCHG would have touched none */
    if (!is_call)
        return false;
    guest->state.frame.eflags &= ~(uint64_t)EFLAGS_RF;
    if (guest->state.frame.eflags & EFLAGS_TF)
        deliver_exception(guest, EXC_DB, 0, 0);
    return true;
}
