/*
 * access.h - operands in registers and memory, through segment, page table and bus (PURE; the short ways inline).
 *
 * read_at, modify_at and write_at answer where the operand's bytes lie, or NULL after a fault was noted. What was
 * opened by the last two is filled in and then given to finish. Between opening and finishing no other operand may be
 * opened: one that crosses a page or belongs to a device lies in interp->bounce meanwhile.
 */
#ifndef VPC_X86_ACCESS_H
#define VPC_X86_ACCESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "vpc/x86/fault.h"
#include "vpc/x86/interp.h"

enum access { ACCESS_TO_READ, ACCESS_TO_MODIFY, ACCESS_TO_WRITE };

/*
 * The long way, with every check: SDM vol. 3 "Limit Checking", "Type Checking". It saves all registers itself, so that
 * the short way needs to save none; then it can give nothing back but by interp->operand.
 */
#define SELDOM __attribute__((preserve_most, disable_tail_calls))
SELDOM void access_slowly(struct interp *interp, unsigned segment, uint32_t offset, unsigned bytes, enum access access);

/*
 * For who looks among translations only: the page's may have gone with CR3, and can be had again without a walk. If so,
 * it is there.
 */
SELDOM void access_refill(struct interp *interp, uint32_t linear, bool is_user);

/* The same on linear addresses. is_user: with user's rights. bytes: BOUNCE_BYTES at most. */
void *access_linear(struct interp *interp, uint32_t linear, unsigned bytes, enum access access, bool is_user);

/* Write back what lies in the bounce buffer. */
SELDOM void access_write_back(struct interp *interp);

/* Copy from or to system tables: always with supervisor's rights. bytes: BOUNCE_BYTES at most. */
bool system_read(struct interp *interp, uint32_t linear, void *to, unsigned bytes);
bool system_write(struct interp *interp, uint32_t linear, const void *from, unsigned bytes);

/* Bytes of physical memory that lie in one page. */
void physical_read(struct interp *interp, gpa_t address, uint8_t *to, unsigned bytes);
void physical_write(struct interp *interp, gpa_t address, const uint8_t *from, unsigned bytes);

#define ALWAYS_INLINE inline __attribute__((always_inline))

typedef uint16_t __attribute__((aligned(1), may_alias)) loose16_t;
typedef uint32_t __attribute__((aligned(1), may_alias)) loose32_t;
typedef uint64_t __attribute__((aligned(1), may_alias)) loose64_t;

static ALWAYS_INLINE uint32_t load(const void *from, unsigned bytes)
{
    return bytes == 1 ? *(const uint8_t *)from : bytes == 2 ? *(const loose16_t *)from : *(const loose32_t *)from;
}

static ALWAYS_INLINE void store(void *to, unsigned bytes, uint32_t value)
{
    if (bytes == 1)
        *(uint8_t *)to = (uint8_t)value;
    else if (bytes == 2)
        *(loose16_t *)to = (uint16_t)value;
    else
        *(loose32_t *)to = value;
}

#define SOFTTLB_SHIFT 4u        /* log2 of an entry's bytes */
_Static_assert(sizeof(struct softtlb_entry) == 1u << SOFTTLB_SHIFT, "an entry's bytes");

static ALWAYS_INLINE struct softtlb_entry *softtlb_slot(struct softtlb_entry *tlb, uint32_t linear)
{
    /* By bytes: the compiler does not find out that one shift will do. */
    uint32_t at = linear >> (PAGE_SHIFT - SOFTTLB_SHIFT) & (SOFTTLB_ENTRIES - 1) << SOFTTLB_SHIFT;

    return (struct softtlb_entry *)((uint8_t *)tlb + at);
}

/* The translations of a privilege. */
static ALWAYS_INLINE struct softtlb_entry *softtlb_of(struct interp *interp, bool is_user)
{
    return is_user ? interp->view->tlbs + SOFTTLB_ENTRIES : interp->view->tlbs;
}

/* The page of an operand's last byte: that of the first one's entry, unless the operand crosses into the next page. */
static ALWAYS_INLINE uint32_t last_page(uint32_t linear, unsigned bytes)
{
    return (linear + bytes - 1) & ~PAGE_MASK;
}

static ALWAYS_INLINE void *softtlb_host(const struct softtlb_entry *entry, uint32_t linear)
{
    uintptr_t host = entry->delta + linear;

    __builtin_assume(host != 0);
    return (void *)host;
}

/* Part of a system table, if it lies in one page of RAM that was translated before; else NULL. */
static ALWAYS_INLINE const void *system_plain(struct interp *interp, uint32_t linear, unsigned bytes)
{
    const struct softtlb_entry *entry = softtlb_slot(softtlb_of(interp, false), linear);

    return entry->read_page == last_page(linear, bytes) ? softtlb_host(entry, linear) : NULL;
}

/* The same if its translation can be had without a walk. */
static ALWAYS_INLINE const void *system_found(struct interp *interp, uint32_t linear, unsigned bytes)
{
    const void *plain = system_plain(interp, linear, bytes);

    if (plain != NULL)
        return plain;
    access_refill(interp, linear, false);
    return system_plain(interp, linear, bytes);
}

/* The eight bytes of a descriptor. */
static ALWAYS_INLINE bool system_read8(struct interp *interp, uint32_t linear, uint64_t *to)
{
    const loose64_t *from = system_plain(interp, linear, 8);

    if (from == NULL)
        return system_read(interp, linear, to, 8);
    *to = *from;
    return true;
}

static ALWAYS_INLINE const void *read_at(struct interp *interp, unsigned segment, uint32_t offset, unsigned bytes)
{
    const struct reach *reach = &interp->reach[segment];
    uint32_t linear = reach->base + offset;
    const struct softtlb_entry *entry = softtlb_slot(interp->tlb, linear);

    if ((int64_t)offset + bytes - 1 <= reach->read_last && entry->read_page == last_page(linear, bytes))
        return softtlb_host(entry, linear);
    access_slowly(interp, segment, offset, bytes, ACCESS_TO_READ);
    return interp->operand;
}

static ALWAYS_INLINE void *open_at(struct interp *interp, unsigned segment, uint32_t offset, unsigned bytes,
                                   enum access access)
{
    const struct reach *reach = &interp->reach[segment];
    uint32_t linear = reach->base + offset;
    const struct softtlb_entry *entry = softtlb_slot(interp->tlb, linear);

    if ((int64_t)offset + bytes - 1 <= reach->write_last && entry->write_page == last_page(linear, bytes))
        return softtlb_host(entry, linear);
    access_slowly(interp, segment, offset, bytes, access);
    return interp->operand;
}

static ALWAYS_INLINE void *modify_at(struct interp *interp, unsigned segment, uint32_t offset, unsigned bytes)
{
    return open_at(interp, segment, offset, bytes, ACCESS_TO_MODIFY);
}

static ALWAYS_INLINE void *write_at(struct interp *interp, unsigned segment, uint32_t offset, unsigned bytes)
{
    return open_at(interp, segment, offset, bytes, ACCESS_TO_WRITE);
}

static ALWAYS_INLINE bool finish(struct interp *interp, const void *operand)
{
    if (operand == interp->bounce.bytes)
        access_write_back(interp);
    return true;
}

static ALWAYS_INLINE bool write_value(struct interp *interp, unsigned segment, uint32_t offset, unsigned bytes,
                                      uint32_t value)
{
    void *operand = write_at(interp, segment, offset, bytes);

    if (operand == NULL)
        return false;
    store(operand, bytes, value);
    return finish(interp, operand);
}

/* Registers: of one byte, 4-7 are AH, CH, DH, BH. */
static ALWAYS_INLINE void *register_at(struct interp *interp, unsigned number, unsigned bytes)
{
    if (bytes == 1)
        return (uint8_t *)&interp->cpu.gpr[number & 3] + (number >> 2);
    return &interp->cpu.gpr[number];
}

static ALWAYS_INLINE uint32_t get_register(struct interp *interp, unsigned number, unsigned bytes)
{
    return load(register_at(interp, number, bytes), bytes);
}

static ALWAYS_INLINE void set_register(struct interp *interp, unsigned number, unsigned bytes, uint32_t value)
{
    store(register_at(interp, number, bytes), bytes, value);
}

/* The offset of the operand in memory. */
static ALWAYS_INLINE uint32_t operand_offset(const struct interp *interp, const struct instruction *insn)
{
    const uint32_t *gpr = interp->cpu.gpr;

    return (gpr[insn->base] + (gpr[insn->index] << insn->scale) + insn->displacement) & insn->address_mask;
}

/* The operand that rm names. */
static ALWAYS_INLINE const void *read_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    if (insn->is_register)
        return register_at(interp, insn->rm, bytes);
    return read_at(interp, insn->segment, operand_offset(interp, insn), bytes);
}

static ALWAYS_INLINE void *modify_rm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    if (insn->is_register)
        return register_at(interp, insn->rm, bytes);
    return modify_at(interp, insn->segment, operand_offset(interp, insn), bytes);
}

static ALWAYS_INLINE bool write_rm(struct interp *interp, const struct instruction *insn, unsigned bytes,
                                   uint32_t value)
{
    if (!insn->is_register)
        return write_value(interp, insn->segment, operand_offset(interp, insn), bytes, value);
    set_register(interp, insn->rm, bytes, value);
    return true;
}

/* The stack. Nothing moves ESP before the access succeeded. */
static ALWAYS_INLINE void move_stack(struct interp *interp, uint32_t by)
{
    uint32_t *esp = &interp->cpu.gpr[GPR_ESP], mask = interp->stack_mask;

    *esp = (*esp & ~mask) | ((*esp + by) & mask);
}

static ALWAYS_INLINE bool push_value(struct interp *interp, unsigned bytes, uint32_t value)
{
    uint32_t offset = (interp->cpu.gpr[GPR_ESP] - bytes) & interp->stack_mask;

    if (!write_value(interp, SEG_SS, offset, bytes, value))
        return false;
    move_stack(interp, -bytes);
    return true;
}

/* The value that lies depth bytes above the top; the stack does not move. */
static ALWAYS_INLINE bool peek_value(struct interp *interp, unsigned depth, unsigned bytes, uint32_t *value)
{
    const void *operand = read_at(interp, SEG_SS, (interp->cpu.gpr[GPR_ESP] + depth) & interp->stack_mask, bytes);

    if (operand == NULL)
        return false;
    *value = load(operand, bytes);
    return true;
}

/* One function for each size of operand, for tables: NAME_1, NAME_2, NAME_4 of a NAME(interp, insn, bytes). */
#define FOR_BYTES(name, bytes)                                                                  \
    static bool name##_##bytes(struct interp *interp, const struct instruction *insn)           \
    {                                                                                           \
        return name(interp, insn, bytes);                                                       \
    }
#define FOR_WORDS(name) FOR_BYTES(name, 2) FOR_BYTES(name, 4)
#define FOR_SIZES(name) FOR_BYTES(name, 1) FOR_WORDS(name)
#define BY_OPERAND(name, insn) ((insn)->operand_bytes == 4 ? name##_4 : name##_2)
/* An even opcode is of bytes, the odd one after it of operands: most of the one-byte map. */
#define BY_OPCODE(name, insn) (!((insn)->opcode & 1) ? name##_1 : BY_OPERAND(name, insn))

#endif
