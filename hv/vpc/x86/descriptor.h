/*
 * descriptor.h - segment descriptors in the guest's tables, and loading segment registers from them (PURE).
 *
 * Source: SDM vol. 3 "Protection" (whole chapter), vol. 2 "MOV", "LDS".
 */
#ifndef VPC_X86_DESCRIPTOR_H
#define VPC_X86_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "vpc/x86/interp.h"

struct descriptor {
    uint32_t low, high;
    uint32_t linear;            /* where it lies */
    uint32_t question;          /* what it was found good for: descriptor_is_known; 0: nobody asked */
    const struct known_segment *known;
};

static inline uint16_t descriptor_attributes(const struct descriptor *descriptor)
{
    return (uint16_t)((descriptor->high >> 8 & 0xFF) | (descriptor->high >> 12 & 0xF00));
}

static inline unsigned attributes_dpl(uint16_t attributes)
{
    return (attributes & ATTR_DPL) >> ATTR_DPL_SHIFT;
}

static inline bool attributes_are_code(uint16_t attributes)
{
    return (attributes & (ATTR_S | ATTR_CODE)) == (ATTR_S | ATTR_CODE);
}

static inline bool attributes_are_writable_data(uint16_t attributes)
{
    return (attributes & (ATTR_S | ATTR_CODE | ATTR_WRITABLE)) == (ATTR_S | ATTR_WRITABLE);
}

/* The type of a system descriptor; 0, which is none, for code and data. */
static inline unsigned attributes_system_type(uint16_t attributes)
{
    return attributes & ATTR_S ? 0 : attributes & ATTR_TYPE;
}

static inline bool selector_is_null(uint16_t selector)
{
    return (selector & 0xFFFC) == 0;
}

/*
 * Read what a selector, not null, names in GDT or LDT. One beyond its table is the fault vector; its error code is the
 * selector and, in bit 0, external. descriptor_exists tells without a fault.
 */
bool descriptor_read(struct interp *interp, uint16_t selector, uint8_t vector, unsigned external,
                     struct descriptor *descriptor);
bool descriptor_exists(const struct interp *interp, uint16_t selector);

/* What for. Of those with the same question, selector and privileges the same bytes pass the same checks. */
enum { DESCRIPTOR_FOR_DATA = 1, DESCRIPTOR_FOR_STACK, DESCRIPTOR_FOR_EVENT, DESCRIPTOR_FOR_RETURN };

/*
 * After descriptor_read: these bytes passed before, and need not be looked at again. false: check them, and
 * segment_take notes that they passed. cpl: the privilege that the use is for.
 */
bool descriptor_is_known(struct interp *interp, struct descriptor *descriptor, uint16_t selector, unsigned use,
                         unsigned cpl);

/* The hidden part of a segment register. */
struct segment descriptor_segment(const struct descriptor *descriptor, uint16_t selector);

/* Set bits of the access byte in memory, if they are not set: accessed, busy. */
bool descriptor_mark(struct interp *interp, const struct descriptor *descriptor, uint32_t high_bits);
#define DESCRIPTOR_ACCESSED (ATTR_ACCESSED << 8)
#define DESCRIPTOR_BUSY (2u << 8)

/* Load DS, ES, FS, GS or SS as an instruction does, in either mode. CS: see far.h. */
bool segment_load(struct interp *interp, unsigned number, uint16_t selector);

/* As it stands, marked accessed; no check but of the walk. */
bool segment_take(struct interp *interp, unsigned number, const struct descriptor *descriptor, uint16_t selector);

/*
 * SS for a privilege that is about to be taken. Returns and gates name different vectors: not_right for a selector or a
 * type that will not do; external is added to the error code.
 */
bool stack_segment_check(struct interp *interp, uint16_t selector, unsigned cpl, uint8_t not_right, unsigned external,
                         struct descriptor *descriptor);

#endif
