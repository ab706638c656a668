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
#define PIECE_BYTES 1024u               /* of an image, at a time: some ten instructions a byte */
#define PIECE_STEPS 10u
#define OVERLAP (DEBUG_SITES_BYTES - 1) /* with the next piece: a site may lie in both */

static uint8_t ram_byte(const struct guest *guest, uint32_t address)
{
    const uint8_t *page = ram_peek(&guest->ram, address >> PAGE_SHIFT);

    return page != NULL ? page[address & PAGE_MASK] : 0;
}

/* Replace the site at this address. Those before it already are, and are known so. */
static void patch_site(struct guest *guest, uint32_t address, struct debug_print_patching *patching)
{
    const uint8_t patch[] = { OPCODE_INT, guest->state.debug_sites.vector };
    uint64_t before = 0;

    for (unsigned i = 0; i < DEBUG_SITES_BEFORE; i++)
        before |= (uint64_t)ram_byte(guest, address - DEBUG_SITES_BEFORE + i) << 8 * i;
    if (debug_sites_add(&guest->state.debug_sites, before)) {
        patching->patched += ram_store(&guest->ram, GPA(address), patch, sizeof(patch)) ? 1 : 0;
    } else if (patching->silent++ == 0) {
        patching->first_silent = address;
    }
}

/* Patch the sites of a piece of a segment, of which bytes are the image's. Bound: PIECE_BYTES, a store each three. */
static void patch_piece(struct guest *guest, const uint8_t *bytes, const struct elf32_segment *segment,
                        struct debug_print_patching *patching)
{
    uint32_t left = segment->file_bytes - patching->at;
    uint32_t end = patching->at + (left < PIECE_BYTES + OVERLAP ? left : PIECE_BYTES + OVERLAP);
    uint32_t next = patching->at + PIECE_BYTES;

    for (uint32_t at = patching->at; (at = debug_sites_next(bytes, end, at)) < end; at += DEBUG_SITES_BYTES) {
        patch_site(guest, segment->address + at, patching);
        next = at + DEBUG_SITES_BYTES > next ? at + DEBUG_SITES_BYTES : next;
    }
    patching->at = next < segment->file_bytes ? next : segment->file_bytes;
}

static void search_piece(const uint8_t *bytes, const struct elf32_segment *segment,
                         struct debug_print_patching *patching)
{
    uint32_t left = segment->file_bytes - patching->at;

    patching->vectors |= debug_sites_vectors(bytes + patching->at,
                                             left < PIECE_BYTES + OVERLAP ? left : PIECE_BYTES + OVERLAP);
    patching->at += left < PIECE_BYTES ? left : PIECE_BYTES;
}

/* False: the image uses all. */
static bool choose_vector(struct guest *guest, const struct debug_print_patching *patching)
{
    unsigned vector = 0;

    while (vector < DEBUG_SITES_VECTORS && (patching->vectors >> vector & 1))
        vector++;
    if (vector == DEBUG_SITES_VECTORS)
        return false;
    guest->state.debug_sites.vector = (uint8_t)(DEBUG_SITES_VECTOR_FIRST + vector);
    return true;
}

/* One pass over the segments in pieces. True: it is over. Bound: *steps, and one piece. */
static bool pass_over(struct guest *guest, const uint8_t *image, const struct elf32_image *parsed,
                      struct debug_print_patching *patching, uint32_t *steps)
{
    while (patching->segment < parsed->segment_count) {
        const struct elf32_segment *segment = &parsed->segments[patching->segment];
        if (*steps == 0)
            return false;
        *steps = *steps > PIECE_STEPS ? *steps - PIECE_STEPS : 0;
        if (patching->has_vector)
            patch_piece(guest, image + segment->file_offset, segment, patching);
        else
            search_piece(image + segment->file_offset, segment, patching);
        if (patching->at == segment->file_bytes) {
            patching->segment++;
            patching->at = 0;
        }
    }
    return true;
}

bool debug_print_patch(struct guest *guest, const void *image, const struct elf32_image *parsed,
                       struct debug_print_patching *patching, uint32_t *steps)
{
    if (!patching->has_vector) {
        if (!pass_over(guest, image, parsed, patching, steps))
            return false;
        if (!choose_vector(guest, patching))
            return true;
        patching->has_vector = true;
        patching->segment = 0;
    }
    return pass_over(guest, image, parsed, patching, steps);
}

void debug_print_log(const struct guest *guest, const char *name, const struct debug_print_patching *patching)
{
    if (!patching->has_vector)
        log_warn("guest %u %s: no vector is left for the debug print, which stays silent", guest->life.id, name);
    else
        log_info("guest %u %s: debug print at %u places", guest->life.id, name, patching->patched);
    if (patching->silent)
        log_warn("guest %u %s: too many kinds of debug print, %u stay silent, the first at 0x%08x", guest->life.id,
                 name, patching->silent, patching->first_silent);
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

/*
 * The text up to its NUL, DEBUG_PRINT_MAX characters, or what cannot be read. Its length, which is the bound: a page a
 * round.
 */
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
